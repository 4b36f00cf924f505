/**
 * The intention of a partition, kept as the metadata of its committed offset: the range that begins there and ends at
 * `end` may be in the store already, wholly or in part. Without one, whatever begins there is new.
 */
const FORM = /^halfopen-range-end=(\d{1,19})$/;

/** @param end offset behind the range's last record */
export function intentionMetadata(end: bigint): string {
  return `halfopen-range-end=${end}`;
}

/** @returns where the intended range ends; undefined where there is no intention, or the text is not ours */
export function readIntention(metadata: string | null | undefined): bigint | undefined {
  const [, end] = FORM.exec(metadata ?? '') ?? [];
  return end === undefined ? undefined : BigInt(end);
}
