import { positionText, type DeadLetter, type DeadLetterOffice } from '../dead-letters.js';
import { StreamError } from '../port.js';
import { letterHeaders } from './letter-message.js';
import { TopicWriter } from './producer.js';
import type { KafkaConnection, KafkaLog } from './settings.js';

export interface KafkaDeadLettersOptions {
  readonly connection: KafkaConnection;
  /** Of the dead letters. */
  readonly topic: string;
  readonly log: KafkaLog;
  /** Gives up the attempt to connect. */
  readonly signal?: AbortSignal;
}

export interface KafkaDeadLetters extends DeadLetterOffice {
  close(): Promise<void>;
}

/**
 * Largest message that is tried; the topic says what it takes. Brokers and consumers refuse requests and answers of more
 * than 100 MB (`socket.request.max.bytes`, `receive.message.max.bytes`).
 */
export const LETTER_BYTES_MAX = 64 * 2 ** 20;

/** What is left of a letter that the topic does not take whole. */
const CUT_BYTES = 512;

/** Dead letters across machines: a topic of their own, a message each. @throws StreamError if no broker is reached */
export async function openKafkaDeadLetters(options: KafkaDeadLettersOptions): Promise<KafkaDeadLetters> {
  const { log, ...settings } = options;
  const writer = await TopicWriter.open(
    { ...settings, messageBytesMax: LETTER_BYTES_MAX },
    'halfopen-ingest',
  );
  return new Office(writer, options.topic, log);
}

/** Letters on their way at once. */
const UNDER_WAY_MAX = 256;

class Office implements KafkaDeadLetters {
  constructor(
    private readonly writer: TopicWriter,
    private readonly topic: string,
    private readonly log: KafkaLog,
  ) {}

  async keep(letters: readonly DeadLetter[]): Promise<number> {
    let cut = 0;
    for (let at = 0; at < letters.length; at += UNDER_WAY_MAX) {
      const part = letters.slice(at, at + UNDER_WAY_MAX);
      const taken = await Promise.all(part.map((letter) => this.#wasTakenWhole(letter)));
      const refused = part.filter((_, index) => taken[index] === false);
      // One by one: several that travel together may be too large where each of them is not.
      for (const letter of refused) if (!(await this.#wasTakenWhole(letter))) cut += await this.#cut(letter);
    }
    return cut;
  }

  close(): Promise<void> {
    return this.writer.close();
  }

  /** @returns false where the topic will never take it */
  async #wasTakenWhole(letter: DeadLetter): Promise<boolean> {
    try {
      await this.writer.write(letter.record.batchId, letter.record.value, letterHeaders(letter));
      return true;
    } catch (error) {
      if (error instanceof StreamError && !error.retryable) return false;
      throw error;
    }
  }

  /** A letter that the topic does not take must not hold its partition up. */
  async #cut(letter: DeadLetter): Promise<1> {
    const { topic, partition, record } = letter;
    const firstBytes = record.value.subarray(0, CUT_BYTES);
    await this.writer.write(record.batchId, firstBytes, letterHeaders(letter));
    this.log.error(
      { position: positionText({ topic, partition, offset: record.offset }), bytes: record.value.length },
      `a dead letter is cut: the topic ${this.topic} does not take it whole; raise its max.message.bytes`,
    );
    return 1;
  }
}
