import { Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { requests } from './payload.js';

const [url = '', count = '0', firstSpan = '0', spansEach = '0', encoding = 'identity', atOnce = '8'] =
  process.argv.slice(2);
const bodies = [...requests(Number(count), Number(firstSpan), Number(spansEach))].map((body) =>
  encoding === 'gzip' ? gzipSync(body) : body,
);
const headers = {
  'content-type': 'application/x-protobuf',
  ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
};
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce) });
process.once('message', () => {
  void Promise.all(Array.from({ length: Number(atOnce) }, sendOn)).then(() => {
    agent.destroy();
    process.send?.('done', () => {
      process.disconnect();
    });
  });
});
process.send?.('ready');

async function sendOn(): Promise<void> {
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
    let status = await post(body);
    while (status === 429 || status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      status = await post(body);
    }
    if (status !== 200) throw new Error(`the collector answered ${status}`);
  }
}

function post(body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sending.once('error', reject);
    sending.end(body);
  });
}
