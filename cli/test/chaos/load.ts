import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@halfopen/lab';
import { batch, type Batch } from './batches.js';
import type { Sender } from './sender.js';

const SENDERS = 16;
const SPANS_MAX = 300;

/** How often a client gives up on an answer and sends the bytes again, or sends them again although they were taken. */
const IMPATIENT = 0.05;
const REPEATED = 0.05;

/** Between two messages of one sender, ms: enough to keep ingestion busy, not to measure it. */
const PAUSE_MS_MAX = 20;

/** Keeps a collector under load, and knows what it has acknowledged. */
export class Load {
  readonly acknowledged: Batch[] = [];
  /** Messages that were acknowledged a second time. */
  repeats = 0;
  #next = 0;
  #stopped = false;
  readonly #sending: Promise<void>[];

  /** @param pauseMsMax between two messages of one sender */
  constructor(
    sender: Sender,
    random: Random,
    private readonly pauseMsMax = PAUSE_MS_MAX,
  ) {
    this.#sending = Array.from({ length: SENDERS }, (_, index) =>
      this.#send(sender, random.fork(`${index}`)),
    );
  }

  /** Resolves when all that has been begun is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#sending);
  }

  async #send(sender: Sender, random: Random): Promise<void> {
    while (!this.#stopped) {
      const message = batch(this.#next++, random.integer(1, SPANS_MAX));
      await sender.untilAcknowledged(
        message.bytes,
        random.chance(IMPATIENT) ? random.integer(1, 20) : undefined,
      );
      this.acknowledged.push(message);
      if (random.chance(REPEATED)) {
        await sender.untilAcknowledged(message.bytes);
        this.repeats++;
      }
      await sleep(random.integer(0, this.pauseMsMax));
    }
  }
}
