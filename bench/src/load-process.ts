import { Agent, request } from 'node:http';
import { requests } from './payload.js';

/** Requests under way at once. */
const AT_ONCE = 8;

const [url = '', count = '0', firstSpan = '0'] = process.argv.slice(2);
const bodies = [...requests(Number(count), Number(firstSpan))];
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
process.once('message', () => {
  void Promise.all(Array.from({ length: AT_ONCE }, sendOn)).then(() => {
    process.disconnect();
    agent.destroy();
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
    const sending = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/x-protobuf' } },
      (response) => {
        response.resume().once('end', () => {
          resolve(response.statusCode ?? 0);
        });
      },
    );
    sending.once('error', reject);
    sending.end(body);
  });
}
