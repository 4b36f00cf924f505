import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusal.js';

/** Checks an `Authorization` header; throws Refusal `no-valid-token`. */
export type Authenticate = (authorization: string | undefined) => void;

/** @param token undefined lets everybody in */
export function authenticator(token: string | undefined): Authenticate {
  if (token === undefined) return () => undefined;
  const expected = digest(token);
  return (authorization = '') => {
    const given = /^bearer +(.*)$/i.exec(authorization)?.[1];
    // Digests have one length, so the comparison takes the same time for any token.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      const message =
        'this collector takes requests with its token only: set the header Authorization: Bearer <token>';
      throw new Refusal('no-valid-token', message, { 'www-authenticate': 'Bearer' });
    }
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
