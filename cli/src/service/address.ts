import type { AddressInfo } from 'node:net';
import { Failure } from '../failure.js';

/** What a person can do about a port that is taken; any other failure as it is. */
export function portFailure(cause: unknown, key: string, port: number, flag?: string): unknown {
  const taken = [cause, cause instanceof Error ? cause.cause : undefined].some(
    (error) => (error as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE',
  );
  return taken
    ? new Failure(
        `port ${port} is taken by another program: choose another with ${flag === undefined ? '' : `${flag}, or `}${key} in the configuration`,
        1,
        { cause },
      )
    : cause;
}

export function urlOf(host: string, { port }: AddressInfo): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
