import type { Attempt } from '../../channel-end.js';
import { failedAttempt } from '../attempts.js';

/** `ws` gives its own time-out no code. */
const HANDSHAKE_TIMEOUT = 'Opening handshake has timed out';

/** How an upgrade failed, and the phase that it had reached, from the error that `ws` tells. */
export function failedUpgrade(error: unknown): Attempt {
  if (error instanceof Error && error.message === HANDSHAKE_TIMEOUT)
    return { outcome: 'timeout', phase: 'upgrade', errorType: 'handshake_timeout' };
  return failedAttempt(error, 'upgrade');
}

/** Something answered the upgrade, but not with one. */
export function rejectedUpgrade(statusCode: number | undefined): Attempt {
  return {
    outcome: 'rejected',
    phase: 'upgrade',
    ...(statusCode === undefined ? {} : { statusCode, errorType: String(statusCode) }),
  };
}
