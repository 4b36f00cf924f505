import { RECEIVER_NAME, WEBHOOK_SECRET } from '@halfopen/notify';
import { SEVERITIES } from '@halfopen/telemetry';
import { z } from 'zod';

/**
 * The configuration, as the file may have it. Every key has a default; an unknown key is refused. `meta.example` is what
 * an error message shows as a right value; what has `meta.secret` is never shown.
 */
const port = (fallback: number) =>
  z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(fallback)
    .meta({ example: String(fallback) });
const bytes = (fallback: number) =>
  z
    .number()
    .int()
    .min(1024)
    .max(536_870_912)
    .default(fallback)
    .meta({ example: String(fallback) });
const days = (fallback: number) =>
  z
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(fallback)
    .meta({ example: String(fallback) });
const milliseconds = (fallback: number, min: number) =>
  z
    .number()
    .int()
    .min(min)
    .max(600_000)
    .default(fallback)
    .meta({ example: String(fallback) });
const host = z.string().min(1).max(253).default('127.0.0.1').meta({ example: '127.0.0.1' });
export const TOKEN_CHARS_MIN = 16;
const token = z
  .string()
  .min(TOKEN_CHARS_MIN)
  .max(4096)
  .optional()
  .meta({ example: '"a secret of at least 16 characters"', secret: true });

/** Integration keys of PagerDuty's Events API v2. */
export const PAGERDUTY_KEY = /^[A-Za-z0-9]{32}$/;

/** Addresses that only this machine reaches. */
export const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '[::1]', 'localhost']);

const file = (example: string) => z.string().min(1).max(4096).optional().meta({ example });
/** An address that fetch takes. */
export const isHttp = (text: string): boolean => /^https?:\/\//i.test(text) && URL.canParse(text);
/** Over plain http the key could be read on the way; on loopback there is no way. */
const isConfidential = (text: string): boolean =>
  isHttp(text) && (/^https:/i.test(text) || LOOPBACK.has(new URL(text).hostname));
const url = z.string().max(2048).refine(isHttp, 'expected an http or https address');

const receiverName = z
  .string()
  .regex(RECEIVER_NAME, 'expected letters, digits, - and _')
  .meta({ example: 'oncall' });
const receiver = z.discriminatedUnion('kind', [
  z.strictObject({
    name: receiverName,
    kind: z.literal('pagerduty').meta({ example: 'pagerduty' }),
    /** The integration key of a service (Events API v2), or a file that holds it. */
    routingKey: z
      .string()
      .regex(PAGERDUTY_KEY, 'expected an integration key: 32 letters and digits')
      .optional()
      .meta({ example: '"32 letters and digits"', secret: true }),
    routingKeyFile: file('/etc/halfopen/pagerduty-key'),
    url: url
      .refine(isConfidential, 'expected an https address: the key goes there')
      .optional()
      .meta({ example: 'https://events.eu.pagerduty.com' }),
  }),
  z.strictObject({
    name: receiverName,
    kind: z.literal('webhook').meta({ example: 'webhook' }),
    /** Many services put a key into the path: a secret too. */
    url: url.optional().meta({ example: 'https://ops.example.net/halfopen', secret: true }),
    urlFile: file('/etc/halfopen/webhook-url'),
    /** Standard Webhooks: what deliveries are signed with. */
    secret: z
      .string()
      .regex(WEBHOOK_SECRET, 'expected whsec_ and 24 to 64 bytes in base64')
      .optional()
      .meta({ example: '"whsec_ and 24 to 64 bytes in base64"', secret: true }),
    secretFile: file('/etc/halfopen/webhook-secret'),
  }),
]);
const names = (example: string) => z.array(z.string().min(1).max(256)).min(1).max(200).meta({ example });
const route = z.strictObject({
  severities: z.array(z.enum(SEVERITIES)).min(1).optional().meta({ example: '[critical, error]' }),
  /** `channel.site` of any channel of the incident. */
  sites: names('[lyon]').optional(),
  rules: names('[zombie-handler]').optional(),
  receivers: names('[oncall]'),
  /** Ask the routes behind this one too. */
  continue: z.boolean().default(false).meta({ example: 'true' }),
});

const notifications = z.strictObject({
  receivers: z
    .array(receiver)
    .max(50)
    .default([])
    .meta({ example: '[{ name: oncall, kind: pagerduty, ... }]' }),
  /** The first that matches says who is told. */
  routes: z
    .array(route)
    .max(200)
    .default([])
    .meta({ example: '[{ severities: [critical], receivers: [oncall] }]' }),
  /** Where no route matches; every receiver unless given. */
  otherwise: z.array(z.string()).max(50).optional().meta({ example: '[oncall]' }),
  /** Of the API, as those who are told reach it. */
  publicUrl: url.optional().meta({ example: 'https://halfopen.example.net' }),
  /** Of the folder that holds `docs/`. */
  runbooksUrl: url.optional().meta({ example: 'https://wiki.example.net/halfopen' }),
});

/** A dead-man's switch outside: told once a period that rules are evaluated, it raises the alarm when told nothing. */
const watchdog = z.strictObject({
  url: url.optional().meta({ example: 'https://hc.example.net/ping/some-id', secret: true }),
  urlFile: file('/etc/halfopen/watchdog-url'),
  periodMs: milliseconds(60_000, 1_000),
});

const HOST_PORT = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/;
const TOPIC = /^[A-Za-z0-9._-]{1,200}$/;
/** A cluster for processes that run apart. */
const kafka = z.strictObject({
  brokers: z
    .array(z.string().regex(HOST_PORT, 'expected host:port'))
    .min(1)
    .max(100)
    .meta({ example: '[kafka-1:9092, kafka-2:9092]' }),
  topic: z
    .string()
    .regex(TOPIC, 'expected letters, digits, ., _ and -')
    .default('halfopen-spans')
    .meta({ example: 'halfopen-spans' }),
  group: z.string().min(1).max(200).default('halfopen-ingest').meta({ example: 'halfopen-ingest' }),
  /** A topic without messages, and the name of the group in which rules processes elect the one that judges. */
  rulesTopic: z
    .string()
    .regex(TOPIC, 'expected letters, digits, ., _ and -')
    .default('halfopen-rules')
    .meta({ example: 'halfopen-rules' }),
  /** Of the topic, where it has to be made: so many ingest processes can share the work. */
  partitions: z.number().int().min(1).max(1000).default(12).meta({ example: '12' }),
  /** Of the topic, where it has to be made: brokers that hold a copy. */
  replicas: z.number().int().min(1).max(9).default(3).meta({ example: '3' }),
  /** Of the topic, where it has to be made: how long the store may be away at most. */
  retentionHours: z.number().int().min(1).max(8760).default(72).meta({ example: '72' }),
  /** Where messages that can't be read are kept; `<topic>-dead-letters` unless given. */
  deadLetterTopic: z
    .string()
    .regex(TOPIC, 'expected letters, digits, ., _ and -')
    .optional()
    .meta({ example: 'halfopen-spans-dead-letters' }),
  /** Of that topic, where it has to be made; no shorter than retentionHours. */
  deadLetterRetentionHours: z.number().int().min(1).max(8760).default(720).meta({ example: '720' }),
  /** No more than the brokers' message.max.bytes. */
  messageBytesMax: bytes(1_000_000),
  tls: z
    .strictObject({
      caFile: file('/etc/halfopen/kafka-ca.pem'),
      certFile: file('/etc/halfopen/kafka-cert.pem'),
      keyFile: file('/etc/halfopen/kafka-key.pem'),
    })
    .optional(),
  sasl: z
    .strictObject({
      mechanism: z
        .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
        .default('SCRAM-SHA-512')
        .meta({ example: 'SCRAM-SHA-512' }),
      username: z.string().min(1).max(256).meta({ example: 'halfopen' }),
      password: z.string().min(1).max(1024).optional().meta({ example: '"the password"', secret: true }),
      passwordFile: file('/etc/halfopen/kafka-password'),
    })
    .optional(),
});

/** A server for processes that run apart. */
const clickhouse = z.strictObject({
  url: url.meta({ example: 'https://clickhouse.example.net:8443' }),
  username: z.string().min(1).max(256).default('default').meta({ example: 'halfopen' }),
  password: z.string().max(1024).optional().meta({ example: '"the password"', secret: true }),
  passwordFile: file('/etc/halfopen/clickhouse-password'),
  database: z
    .string()
    .regex(/^\w{1,64}$/, 'expected letters, digits and _')
    .default('default')
    .meta({ example: 'default' }),
  caFile: file('/etc/halfopen/clickhouse-ca.pem'),
});

/** The file as it may be written; what is in force is {@link Config} of `load.ts`. */
export const configSchema = z.strictObject({
  /** Where everything is kept. */
  data: z.string().min(1).default('./halfopen-data').meta({ example: './halfopen-data' }),
  /** What senders and users of the API present as `Authorization: Bearer ...`. Needed beyond loopback. */
  token,
  /** A file with that token, instead. */
  tokenFile: z.string().min(1).optional().meta({ example: '/etc/halfopen/token' }),
  collector: z
    .strictObject({
      host,
      port: port(4318),
      wireBytesMax: bytes(20_971_520),
      inflatedBytesMax: bytes(20_971_520),
      /** Senders that keep their connection hold one each. */
      connectionsMax: z.number().int().min(1).max(100_000).default(4096).meta({ example: '4096' }),
    })
    .prefault({}),
  api: z.strictObject({ host, port: port(8321) }).prefault({}),
  /** ClickHouse's HTTP protocol, read-only: Grafana, ClickHouse's clients, curl. */
  sql: z
    .strictObject({
      host,
      port: port(8123),
      /** Of one query; a request may ask for less. */
      executionSecondsMax: z.number().int().min(1).max(600).default(60).meta({ example: '60' }),
      /** Queries that run at once, those of the API among them; 64 more wait. Each takes up to two cores and 1 GiB. */
      concurrentMax: z.number().int().min(1).max(8).default(2).meta({ example: '2' }),
    })
    .prefault({}),
  /** `halfopen ingest`: where its health and metrics are. */
  ingest: z.strictObject({ host, port: port(8322) }).prefault({}),
  kafka: kafka.optional(),
  clickhouse: clickhouse.optional(),
  retention: z
    .strictObject({
      /** Days that telemetry is kept, from its insertion. */
      telemetryDays: days(14),
      /** Days that incidents are kept. */
      incidentDays: days(400),
    })
    .prefault({}),
  storage: z
    .strictObject({
      /** Write to disk before acknowledging: survives a power cut, costs latency. */
      fsync: z.boolean().default(false).meta({ example: 'false' }),
      /** Messages that can't be read are kept whole up to this; past it their first bytes are. */
      deadLetterBytesMax: z
        .number()
        .int()
        .min(0)
        .max(2 ** 40)
        .default(2 ** 30)
        .meta({ example: String(2 ** 30) }),
    })
    .prefault({}),
  rules: z
    .strictObject({
      /** Between two evaluations. */
      intervalMs: milliseconds(5_000, 250),
      /** How late exporters send: 5 s is the OpenTelemetry SDKs' default. */
      exporterDelayMs: milliseconds(5_000, 0),
      /** Rules of one's own, and changes to those that are shipped; a folder stands for its YAML files. */
      files: z
        .array(z.string().min(1).max(4096))
        .max(100)
        .default([])
        .meta({ example: '[/etc/halfopen/rules]' }),
      /** Changes to the table of causes. */
      causes: file('/etc/halfopen/causes.yaml'),
    })
    .prefault({}),
  /** Where the dashboards are: incidents link to them. */
  grafana: z
    .strictObject({ url: url.meta({ example: 'https://grafana.example.net' }) })
    .optional()
    .meta({ example: '{ url: https://grafana.example.net }' }),
  /** Who is told of incidents. */
  notifications: notifications.prefault({}),
  watchdog: watchdog.optional(),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({ example: 'info' }),
    })
    .prefault({}),
});

export type ConfigFile = Readonly<z.infer<typeof configSchema>>;
