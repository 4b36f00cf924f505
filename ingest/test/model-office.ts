import { positionText, type DeadLetter, type DeadLetterOffice } from '@halfopen/stream';

/** What a dead-letter office promises: what it has kept is there, copies of a position are one. */
export class ModelOffice implements DeadLetterOffice {
  readonly #kept = new Map<string, DeadLetter>();
  /** Letters handed in, copies too. */
  taken = 0;

  keep(letters: readonly DeadLetter[]): Promise<number> {
    for (const letter of letters) {
      const { topic, partition, record } = letter;
      this.#kept.set(positionText({ topic, partition, offset: record.offset }), letter);
      this.taken += 1;
    }
    return Promise.resolve(0);
  }

  values(): Buffer[] {
    return [...this.#kept.values()].map(({ record }) => Buffer.from(record.value));
  }
}
