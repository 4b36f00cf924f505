import { durationS } from '@halfopen/checked-yaml';
import { SEVERITIES } from '@halfopen/telemetry';
import { z } from 'zod';

/** A file of rules, as people write it: the form of Prometheus' alerting rules. */

const DURATION_S_MAX = 7 * 86_400;

/** `90s`, `5m`, `1h30m`, in seconds. */
const duration = z
  .union([z.literal(0), z.string()])
  .transform((value, context) => {
    const seconds = value === 0 ? 0 : durationS(value);
    if (seconds === undefined)
      context.addIssue({ code: 'custom', message: 'expected a duration in days, hours, minutes, seconds' });
    else if (seconds > DURATION_S_MAX)
      context.addIssue({ code: 'custom', message: `expected at most ${DURATION_S_MAX / 86_400}d` });
    return seconds ?? 0;
  })
  .optional()
  .meta({ example: '30s' });

/** It goes into ids, keys of pages and links. */
export const RULE_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,99}$/;
const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const label = z.string().regex(LABEL_NAME, 'expected letters, digits and _');
const NAMES_MAX = 32;
const bounded = (record: object): boolean => Object.keys(record).length <= NAMES_MAX;

const rule = z.strictObject({
  /** Its name; that of a shipped rule changes what is said here of it. */
  alert: z
    .string()
    .regex(RULE_NAME, 'expected a letter, and letters, digits, - _ . and :')
    .meta({ example: 'slow-acks' }),
  /** SQL, or a condition over probes and shipped rules. */
  expr: z
    .string()
    .min(1)
    .max(65_536)
    .optional()
    .meta({ example: 'server-writes-stall and not agent-hears-nothing' }),
  for: duration,
  keep_firing_for: duration,
  labels: z
    .record(label, z.string().max(1000).meta({ example: 'platform' }))
    .refine(bounded, `expected at most ${NAMES_MAX}`)
    .refine(
      ({ severity }) => severity === undefined || (SEVERITIES as readonly string[]).includes(severity),
      `severity: expected ${SEVERITIES.join(', ')}`,
    )
    .optional()
    .meta({ example: '{ severity: warning }' }),
  annotations: z
    .record(label, z.string().max(4000).meta({ example: 'waits for acknowledgements' }))
    .refine(bounded, `expected at most ${NAMES_MAX}`)
    .optional()
    .meta({ example: '{ summary: waits for acknowledgements }' }),
  runbook_url: z
    .string()
    .max(2048)
    .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), 'expected an http or https address')
    .optional()
    .meta({ example: 'https://wiki.example.net/slow-acks' }),
  /** False: out of force. */
  enabled: z.boolean().default(true).meta({ example: 'false' }),
});

export const ruleFileSchema = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200).meta({ example: 'our-rules' }),
        rules: z.array(rule).max(500).meta({ example: '[{ alert: ..., expr: ... }]' }),
      }),
    )
    .max(100)
    .default([])
    .meta({ example: '[{ name: our-rules, rules: [...] }]' }),
});

export type RuleEntry = z.infer<typeof rule>;
