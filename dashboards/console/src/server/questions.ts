import { z } from 'zod';

/** A question that cannot be answered as it was asked; says what would be right. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
  readonly statusCode = 400;
}

/** Longer than any name in the wild. */
export const NAME_CHARS_MAX = 4096;
export const FRAMES_MAX = 500;
const FRAMES_DEFAULT = 200;
const KINDS_MAX = 40;
/** Years that ClickHouse's DateTime64(3) and its literals have. */
const INSTANT_MS_MAX = Date.UTC(2200, 0);
const RANGE_MS_MAX = 7 * 24 * 3_600_000;
/** Each frame of the range is looked at. */
export const FRAMES_RANGE_MS_MAX = 24 * 3_600_000;

const instant = z
  .string()
  .max(40)
  .transform((text, context) => {
    // Date.parse alone takes `-1` for a year.
    const at_ms = /^\d{1,15}$/.test(text)
      ? Number(text)
      : /^\d{4}-\d\d-\d\dT/.test(text)
        ? Date.parse(text)
        : NaN;
    if (Number.isFinite(at_ms) && at_ms >= 0 && at_ms < INSTANT_MS_MAX) return at_ms;
    context.addIssue({
      code: 'custom',
      message: 'expected a time such as 2026-10-01T12:03:00Z, or ms since the epoch',
    });
    return z.NEVER;
  });
const name = z.string().max(NAME_CHARS_MAX);

export const fleetQuery = z.strictObject({ at: instant.optional() });
export const channelQuery = z.strictObject({ from: instant.optional(), to: instant.optional() });
export const framesQuery = z.strictObject({
  from: instant,
  to: instant,
  kind: z
    .union([name, z.array(name).max(KINDS_MAX)])
    .optional()
    .transform((kind) => (kind === undefined ? [] : Array.isArray(kind) ? kind : [kind])),
  limit: z.coerce.number().int().min(1).max(FRAMES_MAX).default(FRAMES_DEFAULT),
  after: z.string().max(NAME_CHARS_MAX).optional(),
});
export const frameQuery = z.strictObject({
  connection: name,
  direction: z.enum(['to_agent', 'to_server']),
  frame: name.min(1),
});
export const channelParams = z.object({ id: name.min(1) });

/** @throws QuestionError */
export function valid<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new QuestionError(
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '),
  );
}

/** @throws QuestionError */
export function assertRange(from_ms: number, to_ms: number, most_ms = RANGE_MS_MAX): void {
  if (to_ms <= from_ms) throw new QuestionError('to: expected a time after from');
  if (to_ms - from_ms > most_ms)
    throw new QuestionError(`from, to: at most ${most_ms / 3_600_000} hours at once; choose a shorter time`);
}
