import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WireReader } from '@halfopen/otlp';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export const protobuf = { 'content-type': 'application/x-protobuf' };
export const json = { 'content-type': 'application/json' };

/** One request over a connection of its own. `length: false` sends the body in chunks, without a Content-Length. */
export async function send(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: Uint8Array | string = '',
  { length = true } = {},
): Promise<Answer> {
  const sent = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  if (length) sent.setHeader('content-length', Buffer.byteLength(body));
  else sent.write(Buffer.from(body).subarray(0, 1));
  sent.end(length ? body : Buffer.from(body).subarray(1));
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
  });
}

export function post(
  port: number,
  headers: Record<string, string>,
  body: Uint8Array | string,
  options?: { length?: boolean },
): Promise<Answer> {
  return send(port, 'POST', '/v1/traces', headers, body, options);
}

/** The google.rpc.Status in an answer, read by its Content-Type. */
export function statusOf({ headers, body }: Answer): { code: number; message: string } {
  if (headers['content-type'] === 'application/json') {
    return JSON.parse(body.toString()) as { code: number; message: string };
  }
  const status = { code: 0, message: '' };
  const reader = new WireReader();
  reader.reset(body);
  while (reader.next()) {
    if (reader.field === 1) {
      status.code = reader.varint();
    } else {
      const length = reader.delimited();
      status.message = body.toString('utf8', reader.pos, reader.pos + length);
      reader.pos += length;
    }
  }
  return status;
}

/** A bare connection. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** All that comes over a connection until the other side ends it. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}
