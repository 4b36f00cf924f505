import { Duplex } from 'node:stream';

/** Two streams that are one connection in memory; what is written at one arrives at the other in pieces of those sizes less one. */
export function duplexes(sizes: readonly number[] = [65_535]): [Duplex, Duplex] {
  let piece = 0;
  const make = (peer: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, callback) => {
        for (let at = 0; at < chunk.length;) {
          const size = 1 + (sizes[piece++ % sizes.length] ?? 0);
          peer().push(chunk.subarray(at, at + size));
          at += size;
        }
        setImmediate(callback);
      },
      final: (callback) => {
        peer().push(null);
        callback();
      },
    });
  const near: Duplex = make(() => far);
  const far: Duplex = make(() => near);
  return [near, far];
}
