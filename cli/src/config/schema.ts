import { z } from 'zod';

/**
 * The configuration, as the file may have it. Every key has a default; an unknown key is refused. `meta.example` is what
 * an error message shows as a right value.
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
const token = z
  .string()
  .min(16)
  .max(4096)
  .optional()
  .meta({ example: '"a secret of at least 16 characters"' });

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
    })
    .prefault({}),
  api: z.strictObject({ host, port: port(8321) }).prefault({}),
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
    })
    .prefault({}),
  rules: z
    .strictObject({
      /** Between two evaluations. */
      intervalMs: milliseconds(5_000, 250),
      /** How late exporters send: 5 s is the OpenTelemetry SDKs' default. */
      exporterDelayMs: milliseconds(5_000, 0),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({ example: 'info' }),
    })
    .prefault({}),
});

export type Config = Readonly<z.infer<typeof configSchema>>;
