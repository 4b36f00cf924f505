import type { Channel } from '../channel.js';
import { change, type Refusal, type Undo } from '../conditions.js';
import { CLOSE_CODE } from '../connection.js';
import type { Fleet } from '../fleet.js';
import { both, type Disturbance, type DisturbanceOptions, each } from './disturbance.js';

const ANSWER_US = 30_000;

/** From here on attempts fail; a connection that is open is closed by the server. */
function refuse(channel: Channel, refusal: Refusal, code: number, reason: string): Undo {
  const undo = change(channel.conditions.path, { refusal });
  channel.server.close(code, reason);
  return undo;
}

function answered(statusCode: number): Refusal {
  return { outcome: 'rejected', phase: 'upgrade', durationUs: ANSWER_US, statusCode };
}

const REFUSED: Refusal = {
  outcome: 'refused',
  phase: 'tcp',
  durationUs: 1_000,
  errorType: 'ECONNREFUSED',
};

const listenerDown: Disturbance = {
  cause: 'listener-down',
  meaning:
    'The server runs without its listener: a proxy answers `status`; variant refused: nothing answers.',
  strikes: 'fleet',
  atMs: 0,
  options: ['status', 'variant'],
  variants: ['proxied', 'refused'],
  inject(channels, { status = 502, variant = 'proxied' }, { server }: Fleet) {
    const refusal = variant === 'refused' ? REFUSED : answered(status);
    server.setListenerError('not_started');
    const undo = each(channels, (channel) =>
      refuse(channel, refusal, CLOSE_CODE.goingAway, 'listener closed'),
    );
    return both(undo, () => {
      server.setListenerError(undefined);
    });
  },
};

const proxyMisroute: Disturbance = {
  cause: 'proxy-misroute',
  meaning: "A proxy sends the upgrade to something that is not the channel's server, which answers `status`.",
  strikes: 'fleet',
  atMs: 0,
  options: ['status'],
  inject: (channels, { status = 404 }) =>
    each(channels, ({ conditions, agent }) => {
      const undo = change(conditions.path, { refusal: answered(status) });
      // A proxy that reloads its configuration cuts what it carries.
      agent.connection?.breakDown();
      return undo;
    }),
};

const authRejected: Disturbance = {
  cause: 'auth-rejected',
  meaning:
    'Credentials are refused with `status`; variants tls and hello: in the handshake, or at the hello.',
  strikes: 'channel',
  atMs: 0,
  options: ['status', 'variant'],
  variants: ['upgrade', 'tls', 'hello'],
  inject: (channels, options) =>
    each(channels, (channel) =>
      refuse(channel, unauthorized(options), CLOSE_CODE.policyViolation, 'credentials revoked'),
    ),
};

function unauthorized({ status = 401, variant = 'upgrade' }: DisturbanceOptions): Refusal {
  const refusal = { outcome: 'rejected', durationUs: ANSWER_US } as const;
  switch (variant) {
    case 'tls':
      return { ...refusal, phase: 'tls', errorType: 'certificate_expired' };
    case 'hello':
      return { ...refusal, phase: 'hello', errorType: 'unauthorized', seenByServer: true };
    default:
      return { ...refusal, phase: 'upgrade', statusCode: status, seenByServer: true };
  }
}

/** What meets an agent that dials. */
export const CONNECTING_FAULTS = {
  'listener-down': listenerDown,
  'proxy-misroute': proxyMisroute,
  'auth-rejected': authRejected,
} as const;
