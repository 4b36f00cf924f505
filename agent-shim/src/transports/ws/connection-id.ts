import { createHash } from 'node:crypto';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * The name of a connection that both ends know without telling each other: from `Sec-WebSocket-Accept`, which the server
 * derives from the client's random key. A proxy that makes a WebSocket handshake of its own breaks it; one that passes
 * the upgrade through (nginx, HAProxy, most load balancers) does not.
 */
export function connectionIdOfAccept(accept: unknown): string | undefined {
  return typeof accept === 'string' && accept !== ''
    ? Buffer.from(accept, 'base64').toString('hex').slice(0, 16)
    : undefined;
}

/** The same, from the client's `Sec-WebSocket-Key`. */
export function connectionIdOfKey(key: unknown): string | undefined {
  if (typeof key !== 'string' || key === '') return undefined;
  return connectionIdOfAccept(
    createHash('sha1')
      .update(key + GUID)
      .digest('base64'),
  );
}
