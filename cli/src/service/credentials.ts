import { createHash, timingSafeEqual } from 'node:crypto';

const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** A name of this machine, with or without a port: any other could be a name that somebody has pointed here. */
export function isThisHost(host: string): boolean {
  return HOSTS.test(host);
}

/** An Origin header of a page that came from here itself; a proxy in front may speak https for us. */
export function isOwnOrigin(origin: string, host: string): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** In a time that tells neither how much of it is right nor how long it is. */
export function sameSecret(given: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}
