import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import {
  openMemoryStream,
  rangeToken,
  StreamError,
  type MemoryStream,
  type RecordRange,
} from '../../src/index.js';

/**
 * Any interleaving of publishers, a consumer's steps and crashes. A crash forgets the process and keeps the folder and
 * the store, as SIGKILL does.
 */
type Step = { readonly kind: 'publish'; readonly bytes: number } | { readonly kind: 'consume' | 'crash' };

const LIMITS = {
  lingerMs: 0,
  pendingBytesMax: 40,
  pendingRecordsMax: 6,
  rangeBytesMax: 15,
  rangeRecordsMax: 3,
};

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('publish' as const), bytes: fc.nat({ max: 20 }) }),
    },
    { weight: 6, arbitrary: fc.constant({ kind: 'consume' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
  ),
  { maxLength: 60 },
);

test('nothing acknowledged is lost, ranges replay identically, bounds hold', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const dir = await mkdtemp(join(tmpdir(), 'halfopen-stream-'));
      try {
        const world = new World(dir);
        await world.start();
        for (const step of script) await world.take(step);
        await world.finish();
      } finally {
        await rm(dir, { recursive: true });
      }
    }),
    { numRuns: 200 },
  );
});

class World {
  /** What has been stored, as the engine would hold it: the first content that came with each token. */
  readonly #stored = new Map<string, string>();
  #stream: MemoryStream | undefined;
  #published = 0;
  /** Of this process: content of each record that waits for its answer. */
  #unanswered = new Map<string, Promise<void>>();
  #range: RecordRange | undefined;
  #progress: 'none' | 'handed-out' | 'intended' | 'stored' = 'none';
  /** What the next process must be offered first. */
  #owed: string | undefined;

  constructor(private readonly dir: string) {}

  async start(): Promise<void> {
    const log = { error: (_fields: object, message: string) => assert.fail(message) };
    this.#stream = await openMemoryStream({ dir: this.dir, limits: LIMITS, log });
    this.#unanswered = new Map();
    this.#range = undefined;
    this.#progress = 'none';
    assert.equal(this.#stream.consumer.lag().records > 0, this.#owed !== undefined);
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'publish':
        return this.publish(step.bytes);
      case 'consume':
        return this.consume();
      case 'crash':
        return this.start();
    }
  }

  async publish(bytes: number): Promise<void> {
    const { producer, consumer } = this.#stream!;
    const batchId = (this.#published++).toString(16).padStart(32, '0');
    const value = new Uint8Array(bytes).fill(this.#published);
    const before = consumer.lag();
    const published = producer.publish(batchId, value);
    const after = consumer.lag();
    if (before.bytes + bytes > LIMITS.pendingBytesMax || before.records === LIMITS.pendingRecordsMax) {
      await assert.rejects(published, (error) => error instanceof StreamError && error.code === 'overloaded');
      assert.deepEqual(after, before);
      return;
    }
    assert.deepEqual([after.bytes, after.records], [before.bytes + bytes, before.records + 1]);
    const content = JSON.stringify([batchId, [...value]]);
    this.#unanswered.set(content, published);
    const acknowledged = () => {
      assert.ok(
        [...this.#stored.values()].some((range) => range.includes(content)),
        'acknowledged, so it is stored',
      );
    };
    published.then(acknowledged, (error: unknown) => assert.fail(String(error)));
  }

  /** The consumer's next step, whichever is due. */
  async consume(): Promise<void> {
    const { consumer } = this.#stream!;
    switch (this.#progress) {
      case 'none':
        if (consumer.lag().records > 0) await this.#takeRange();
        return;
      case 'handed-out':
        await consumer.intend(this.#range!);
        this.#owed = fingerprint(this.#range!);
        this.#progress = 'intended';
        return;
      case 'intended':
        this.#store(this.#range!);
        this.#progress = 'stored';
        return;
      case 'stored':
        await consumer.commit(this.#range!);
        this.#owed = undefined;
        this.#progress = 'none';
        await this.#assertAnswered(this.#range!);
    }
  }

  async finish(): Promise<void> {
    while (this.#stream!.consumer.lag().records > 0) await this.consume();
    assert.equal(this.#unanswered.size, 0, 'every publisher has its answer');
    await this.#stream!.close();
  }

  async #takeRange(): Promise<void> {
    const range = await this.#stream!.consumer.next(new AbortController().signal);
    assert.ok(range !== undefined);
    assert.equal(range.replayed, this.#owed !== undefined);
    if (this.#owed !== undefined) assert.equal(fingerprint(range), this.#owed);
    const bytes = range.records.reduce((sum, { value }) => sum + value.length, 0);
    assert.ok(range.records.length <= LIMITS.rangeRecordsMax);
    assert.ok(bytes <= LIMITS.rangeBytesMax || range.records.length === 1);
    this.#range = range;
    this.#progress = 'handed-out';
  }

  #store(range: RecordRange): void {
    const token = rangeToken(range);
    const content = fingerprint(range);
    assert.equal(this.#stored.get(token) ?? content, content, 'a token never stands for other rows');
    this.#stored.set(token, content);
  }

  async #assertAnswered(range: RecordRange): Promise<void> {
    for (const { batchId, value } of range.records) {
      const content = JSON.stringify([batchId, [...value]]);
      await this.#unanswered.get(content);
      this.#unanswered.delete(content);
    }
  }
}

/** Everything that a replay must repeat. */
function fingerprint({ topic, partition, begin, end, records }: RecordRange): string {
  const contents = records.map(({ offset, appendedAtMs, batchId, value }) => {
    return `${offset} ${appendedAtMs} ${JSON.stringify([batchId, [...value]])}`;
  });
  return [topic, partition, begin, end, ...contents].join('\n');
}
