/** Bounds of the consumer. */
export interface KafkaConsumerLimits {
  /**
   * Bytes of records that wait in this process or are being stored; past it nothing more is fetched. librdkafka's own
   * buffer (`fetchedBytesMax`) comes on top.
   * @default 33_554_432
   */
  readonly pendingBytesMax: number;
  /** @default 16_777_216 */
  readonly fetchedBytesMax: number;
  /**
   * Bytes of one range; a larger message makes a range alone.
   * @default 8_388_608
   */
  readonly rangeBytesMax: number;
  /** @default 10_000 */
  readonly rangeRecordsMax: number;
  /**
   * How long the first record of a range waits for company. One insert costs the engine as much as thousands of spans, so
   * it waits longer than in one process, where a sender waits with it.
   * @default 250
   */
  readonly lingerMs: number;
}

export const CONSUMER_LIMITS: KafkaConsumerLimits = {
  pendingBytesMax: 32 * 2 ** 20,
  fetchedBytesMax: 16 * 2 ** 20,
  rangeBytesMax: 8 * 2 ** 20,
  rangeRecordsMax: 10_000,
  lingerMs: 250,
};
