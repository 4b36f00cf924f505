import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ConnectPhase } from '@halfopen/telemetry';
import type { Address } from '../../channel-end.js';

/** RFC 5705, section 4: labels that begin so are free for private use. */
const EXPORTER_LABEL = 'EXPERIMENTAL halfopen connection id';
const ID_BYTES = 8;

/** Where Node keeps a socket's addresses. */
const REMEMBERED = ['_peername', '_sockname'];

/** Node does not document it: true from `tls.connect` to `secureConnect`. */
interface Internals {
  readonly secureConnecting?: boolean;
}

export function isSocket(stream: object): stream is Socket {
  return 'connecting' in stream && 'remoteAddress' in stream;
}

/** It has yet to connect, to be opened, or to shake hands. */
export function isPending(stream: Readable | Writable): boolean {
  if (stream.destroyed) return true;
  const { pending } = stream as { readonly pending?: unknown };
  return pending === true || (stream as Internals).secureConnecting === true;
}

/** The phase that a socket has reached, or is in; undefined where there is none, as for a pipe that is open. */
export function phaseOf(stream: Writable): ConnectPhase | undefined {
  if (!isSocket(stream)) return undefined;
  if (stream.connecting) return 'tcp';
  if (isTls(stream)) return 'tls';
  return asItWas(stream, () => stream.remoteFamily) === undefined ? undefined : 'tcp';
}

/** Where a connection goes to, or at a server arrived at; undefined for what has no such address. */
export function addressOf(stream: Writable, end: 'agent' | 'server'): Address | undefined {
  if (!isSocket(stream)) return undefined;
  const [host, port] = asItWas(stream, () =>
    end === 'agent' ? [stream.remoteAddress, stream.remotePort] : [stream.localAddress, stream.localPort],
  );
  return host === undefined ? undefined : { host, port };
}

/** A socket that was asked for its addresses remembers them beyond its end; one that the application did not ask must not. */
function asItWas<T>(socket: Socket, ask: () => T): T {
  const before = REMEMBERED.map((name) => Reflect.getOwnPropertyDescriptor(socket, name));
  const answer = ask();
  REMEMBERED.forEach((name, index) => {
    const own = before[index];
    if (own === undefined) Reflect.deleteProperty(socket, name);
    else Reflect.defineProperty(socket, name, own);
  });
  return answer;
}

/**
 * The name of a TLS connection that both ends know without telling each other: keying material exported from the session
 * (RFC 5705). Where a proxy ends one session and begins another, the ends' names differ.
 */
export function connectionIdOfSession(stream: Writable): string | undefined {
  if (!isTls(stream)) return undefined;
  return stream.exportKeyingMaterial(ID_BYTES, EXPORTER_LABEL, Buffer.alloc(0)).toString('hex');
}

function isTls(stream: object): stream is TLSSocket {
  return 'exportKeyingMaterial' in stream;
}
