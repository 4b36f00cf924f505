import { pino, destination, type Logger } from 'pino';
import type { Config } from '../config/load.js';

export type Log = Logger;

/** To stderr, so that stdout is the command's own. Secrets never get here; what has one by accident is cut out. */
export function openLog(config: Config): Log {
  const redact = {
    paths: [
      'token',
      '*.token',
      'headers.authorization',
      '*.headers.authorization',
      'bearerToken',
      '*.bearerToken',
    ],
    censor: '(secret)',
  };
  return pino(
    { level: config.log.level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ fd: 2, sync: true }),
  );
}
