/** How to reach the brokers, and as whom. */
export interface KafkaConnection {
  /** `host:port`, some of the cluster's; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** Absent: plain text. */
  readonly tls?: {
    /** PEM; the system's authorities unless given. */
    readonly caFile?: string;
    /** PEM, both or none: who we are to brokers that ask for it. */
    readonly certFile?: string;
    readonly keyFile?: string;
  };
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
    readonly username: string;
    readonly password: string;
  };
}

/** A client that has lost its brokers asks again at least so often. */
const RECONNECT_MS_MAX = 1_000;

/** Settings of librdkafka (its CONFIGURATION.md). */
export function connectionSettings(
  connection: KafkaConnection,
  clientId: string,
): Record<string, string | number | boolean> {
  const { brokers, tls, sasl } = connection;
  const protocol = `${sasl === undefined ? '' : 'sasl_'}${tls === undefined ? 'plaintext' : 'ssl'}`;
  return {
    'bootstrap.servers': brokers.join(','),
    'client.id': clientId,
    'security.protocol': protocol,
    'reconnect.backoff.max.ms': RECONNECT_MS_MAX,
    // What happens to the connection reaches us as events; nothing goes to the process's own output.
    log_level: 0,
    ...(tls?.caFile === undefined ? {} : { 'ssl.ca.location': tls.caFile }),
    ...(tls?.certFile === undefined ? {} : { 'ssl.certificate.location': tls.certFile }),
    ...(tls?.keyFile === undefined ? {} : { 'ssl.key.location': tls.keyFile }),
    ...(sasl === undefined
      ? {}
      : {
          'sasl.mechanism': sasl.mechanism,
          'sasl.username': sasl.username,
          'sasl.password': sasl.password,
        }),
  };
}

export interface KafkaLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
