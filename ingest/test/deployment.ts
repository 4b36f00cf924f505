import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Store } from '@halfopen/store';
import { openMemoryStream } from '@halfopen/stream';
import { startIngest, type IngestClock, type IngestCounters, type IngestLog } from '../src/index.js';
import { FaultyProcess, type FaultPlan } from './faults.js';
import type { Message } from './messages.js';
import { ModelOffice } from './model-office.js';

/** No time passes; a pause only lets others run. */
export const timelessClock: IngestClock = { nowMs: () => 0, sleep: () => setImmediate() };

export const silentLog: IngestLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A folder and a store that outlive the processes that work on them. */
export class Deployment {
  readonly office = new ModelOffice();

  constructor(
    private readonly store: Store,
    private readonly dir: string,
  ) {}

  /** Runs `work` with a deployment, and removes its folder. */
  static async with(store: Store, work: (deployment: Deployment) => Promise<void>): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'halfopen-ingest-'));
    try {
      await work(new Deployment(store, dir));
    } finally {
      await rm(dir, { recursive: true });
    }
  }

  /**
   * One process: clients send all these messages at once, and what is in the stream is stored. Ends when each client
   * has its answer and the process has stopped, or with a planned crash.
   *
   * @returns the totals of the process; undefined when it crashed
   */
  async process(
    messages: readonly Message[],
    plan: FaultPlan = () => undefined,
  ): Promise<IngestCounters | undefined> {
    const stream = await openMemoryStream({ dir: this.dir, limits: { lingerMs: 0 }, log: silentLog });
    const faulty = new FaultyProcess(this.store, this.office, stream.consumer, plan);
    const { store, office: deadLetters, consumer, crashed } = faulty;
    const published = messages.map(({ batchId, value }) => stream.producer.publish(batchId, value));
    const ingest = startIngest({ consumer, store, deadLetters, log: silentLog, clock: timelessClock });
    const finished = Promise.all(published)
      .then(() => stream.close())
      .then(() => ingest.stopped)
      .then(() => ingest.counters());
    return Promise.race([finished, crashed]);
  }

  /** Clients send until they have their answer, over any number of crashes. */
  async untilAnswered(messages: readonly Message[], plan: FaultPlan): Promise<void> {
    while ((await this.process(messages, plan)) === undefined);
  }
}
