import { traceRequestFromJson } from '@halfopen/otlp';

/** What a terminal would obey: a title, colours, the cursor's place. The request begins with it, near enough. */
export const ESCAPES = '\u001b]0;owned\u0007\u001b[31m\u001b[2J';

/**
 * A request of few bytes that makes many: so many spans share a resource of so many bytes. What its rows take depends on
 * `spans * resourceBytes`.
 */
export function largeMessage(name: string, spans: number, resourceBytes: number): Uint8Array {
  const now_ns = BigInt(Date.now()) * 1_000_000n;
  return traceRequestFromJson(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: ESCAPES, value: { stringValue: 'x'.repeat(resourceBytes) } }] },
          scopeSpans: [
            {
              spans: Array.from({ length: spans }, (_, index) => ({
                traceId: (index + 1).toString(16).padStart(32, '0'),
                spanId: (index + 1).toString(16).padStart(16, '0'),
                name,
                startTimeUnixNano: String(now_ns),
                endTimeUnixNano: String(now_ns),
              })),
            },
          ],
        },
      ],
    }),
  ).bytes;
}

/** A control character other than the end of a line, of which a list must show none. */
export const CONTROL = /(?!\n)\p{Cc}/u;
