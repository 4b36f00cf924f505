// An application that fails in its own way: throws in a listener, rejects in one, or leaves an error without a listener.
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { instrumentWebSocketClient } from '../../../src/index.js';

const [way, shim] = process.argv.slice(2);
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
await once(server, 'listening');
server.on('connection', (socket) => {
  socket.send('{"id":"c1","kind":"command"}');
});
const { port } = server.address() as { port: number };
const socket = new WebSocket(way === 'error' ? 'ws://127.0.0.1:1' : `ws://127.0.0.1:${port}`);
if (shim === 'with')
  instrumentWebSocketClient(socket, {
    channel: { id: 'a' },
    describeFrame: (data) => JSON.parse((data as Buffer).toString()) as { id: string; kind: string },
  });
const failing: () => unknown =
  way === 'throw'
    ? () => {
        throw new TypeError('thrown by the application');
      }
    : () => Promise.reject(new RangeError('rejected by the application'));
socket.on('message', failing);
