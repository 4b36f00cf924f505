import type { Attempt } from '../../channel-end.js';
import { errorType } from '../../recorder/recorder.js';

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);

/** What Node's TLS says of a peer that it does not trust, or that does not trust it; OpenSSL's own begin with ERR_SSL. */
const TLS = /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** `ws` gives its own time-out no code. */
const HANDSHAKE_TIMEOUT = 'Opening handshake has timed out';

/** How an attempt to connect failed, and the phase that it had reached, from the error that `ws` tells. */
export function failedAttempt(error: unknown): Attempt {
  const type = errorType(error);
  if (DNS.has(type)) return { outcome: 'error', phase: 'dns', errorType: type };
  if (type === 'ECONNREFUSED') return { outcome: 'refused', phase: 'tcp', errorType: type };
  if (type === 'ETIMEDOUT') return { outcome: 'timeout', phase: 'tcp', errorType: type };
  if (UNREACHABLE.has(type)) return { outcome: 'error', phase: 'tcp', errorType: type };
  if (TLS.test(type)) return { outcome: 'rejected', phase: 'tls', errorType: type };
  if (error instanceof Error && error.message === HANDSHAKE_TIMEOUT)
    return { outcome: 'timeout', phase: 'upgrade', errorType: 'handshake_timeout' };
  return { outcome: 'error', phase: 'upgrade', errorType: type };
}

/** Something answered the upgrade, but not with one. */
export function rejectedAttempt(statusCode: number | undefined): Attempt {
  return {
    outcome: 'rejected',
    phase: 'upgrade',
    ...(statusCode === undefined ? {} : { statusCode, errorType: String(statusCode) }),
  };
}
