import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@halfopen/lab';
import { batchId } from '@halfopen/otlp';
import { openKafkaDesk, openKafkaProducer, type KafkaConnection, type KafkaProducer } from '@halfopen/stream';
import type { EngineServer } from '../apart/engine-server.js';

const PAUSE_MS_MAX = 500;
const PATIENCE_MS = 60_000;

/** Writes messages that nobody can read between those of the collector, as a producer does that is set up wrong. */
export class Poison {
  /** What the broker has acknowledged. */
  readonly taken: string[] = [];
  #stopped = false;
  readonly #writing: Promise<void>;

  private constructor(
    private readonly producer: KafkaProducer,
    private readonly random: Random,
  ) {
    this.#writing = this.#write();
  }

  static async into(connection: KafkaConnection, topic: string, random: Random): Promise<Poison> {
    return new Poison(await openKafkaProducer({ connection, topic }), random);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
    await this.producer.close();
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const text = `poison ${this.taken.length};`;
      // A length that reaches past the end.
      const value = Buffer.concat([Buffer.of(0x0a, 0x7f), Buffer.from(text)]);
      while (!(await this.#acknowledged(value)));
      this.taken.push(text);
      await sleep(this.random.integer(0, PAUSE_MS_MAX));
    }
  }

  #acknowledged(value: Uint8Array): Promise<boolean> {
    return this.producer.publish(batchId(value), value).then(
      () => true,
      () => false,
    );
  }

  /** Waits until each is told of in the table. */
  async putAside(engine: EngineServer): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    const found = async () =>
      (await engine.query<{ n: number }>('SELECT toUInt32(count()) AS n FROM dead_letters'))[0]?.n ?? 0;
    while ((await found()) < this.taken.length) {
      if (Date.now() > deadline) throw new Error(`${await found()} of ${this.taken.length} are put aside`);
      await sleep(250);
    }
  }

  /** Each once in the table, and once, whole, at the desk. */
  async holds(engine: EngineServer, connection: KafkaConnection, topic: string): Promise<void> {
    const sent = [...this.taken].sort();
    const rows = await engine.query<{ text: string }>(
      'SELECT substring(first_bytes, 3) AS text FROM dead_letters ORDER BY text',
    );
    assert.deepEqual(
      rows.map(({ text }) => text),
      sent,
      'the table of dead letters',
    );
    const letterTopic = `${topic}-dead-letters`;
    const desk = openKafkaDesk({ connection, topic, letterTopic, batchIdOf: batchId });
    const { letters, more } = await desk.open({ wholeOnly: true }, sent.length);
    assert.equal(more, 0, 'no letter is listed twice');
    const kept = letters.map(({ firstBytes }) => Buffer.from(firstBytes).toString('latin1', 2));
    assert.deepEqual(kept.sort(), sent, 'the topic of dead letters');
  }
}
