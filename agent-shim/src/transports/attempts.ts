import type { ConnectPhase } from '@halfopen/telemetry';
import type { Attempt } from '../channel-end.js';
import { errorType } from '../recorder/recorder.js';

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);

/** What Node's TLS says of a peer that it does not trust, or that does not trust it; OpenSSL's own begin with ERR_SSL. */
const TLS = /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

/** Nobody listens; at the path of a Unix socket nobody has since it was made, or ever. */
const NOBODY = new Set(['ECONNREFUSED', 'ENOENT']);

/**
 * How an attempt to connect failed, from the error that the transport tells.
 *
 * @param reached the phase of which it is where the error does not say
 */
export function failedAttempt(error: unknown, reached: ConnectPhase | undefined): Attempt {
  const type = errorType(error);
  if (DNS.has(type)) return { outcome: 'error', phase: 'dns', errorType: type };
  if (NOBODY.has(type)) return { outcome: 'refused', phase: 'tcp', errorType: type };
  if (type === 'ETIMEDOUT') return { outcome: 'timeout', phase: 'tcp', errorType: type };
  if (UNREACHABLE.has(type)) return { outcome: 'error', phase: 'tcp', errorType: type };
  if (TLS.test(type)) return { outcome: 'rejected', phase: 'tls', errorType: type };
  return { outcome: 'error', phase: reached, errorType: type };
}
