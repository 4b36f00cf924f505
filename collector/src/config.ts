/** What an operator may set. Bytes count as the name says: on the wire, or after inflating. */
export interface CollectorConfig {
  /** @default '127.0.0.1' */
  readonly host: string;
  /** 0 takes any free port. @default 4318, which OTLP/HTTP has for its own */
  readonly port: number;
  /** What senders must present as `Authorization: Bearer ...`; undefined turns that off, on a loopback host only. */
  readonly bearerToken: string | undefined;
  /** A request's body as sent. @default 20 MiB, as the OTLP specification recommends */
  readonly wireBytesMax: number;
  /** A request's body once inflated. @default 20 MiB, likewise */
  readonly inflatedBytesMax: number;
  /** Bodies held at one time, from their first byte until the stream has them. @default 256 MiB */
  readonly inFlightBytesMax: number;
  /** Bytes under way beyond which further requests wait for their turn, their bodies unread. @default 48 MiB */
  readonly admittedBytesMax: number;
  /** For that turn to come. @default 2 s */
  readonly admissionTimeoutMs: number;
  /** @default 4096 */
  readonly connectionsMax: number;
  /** For a whole request to arrive. @default 30 s */
  readonly requestTimeoutMs: number;
  /** Until a connection without a request is closed. @default 72 s: longer than the minute of most load balancers */
  readonly keepAliveTimeoutMs: number;
  /** For the stream to say that a request is durable. @default 10 s, an OpenTelemetry exporter's own time-out */
  readonly publishTimeoutMs: number;
  /** For requests under way when the collector closes. @default 15 s */
  readonly closeTimeoutMs: number;
}

export const defaultConfig: CollectorConfig = Object.freeze({
  host: '127.0.0.1',
  port: 4318,
  bearerToken: undefined,
  wireBytesMax: 20 * 1024 * 1024,
  inflatedBytesMax: 20 * 1024 * 1024,
  inFlightBytesMax: 256 * 1024 * 1024,
  admittedBytesMax: 48 * 1024 * 1024, // less than the in-process stream holds: here requests wait, there they are refused
  admissionTimeoutMs: 2_000,
  connectionsMax: 4096,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
  publishTimeoutMs: 10_000,
  closeTimeoutMs: 15_000,
});

export type CollectorErrorCode =
  /** A setting that cannot be used. */
  | 'bad-config'
  /** No token on an address that others can reach. */
  | 'open-to-all'
  /** The address could not be listened on. */
  | 'cannot-listen';

/** The collector does not start. */
export class CollectorError extends Error {
  override readonly name = 'CollectorError';

  constructor(
    readonly code: CollectorErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @throws CollectorError `bad-config` or `open-to-all` */
export function resolveConfig(settings: Partial<CollectorConfig>): CollectorConfig {
  const { host = defaultConfig.host } = settings;
  // For localhost fastify would open a second server, on ::1, without our bounds.
  const resolvedHost = host === 'localhost' ? '127.0.0.1' : host;
  const config = Object.freeze({ ...defaultConfig, ...settings, host: resolvedHost });
  for (const [key, value] of Object.entries(config)) {
    const least = key === 'port' ? 0 : 1;
    if (typeof value === 'number' && !(Number.isInteger(value) && value >= least)) {
      const right = defaultConfig[key as keyof CollectorConfig];
      throw new CollectorError(
        'bad-config',
        `collector.${key} is ${value}, must be an integer such as ${String(right)}`,
      );
    }
  }
  if (config.bearerToken === '') {
    throw new CollectorError(
      'bad-config',
      'collector.bearerToken is empty, must be a secret that senders know',
    );
  }
  if (config.bearerToken === undefined && !isLoopback(config.host)) {
    const message =
      `collector.host is ${config.host}, which others can reach, and there is no collector.bearerToken: ` +
      'set a token, or listen on 127.0.0.1';
    throw new CollectorError('open-to-all', message);
  }
  return config;
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
