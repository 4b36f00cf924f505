import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedStore, type EmbeddedStore, type Store } from '@halfopen/store';
import { PagerDutyRecorder, WebhookRecorder } from '@halfopen/lab';
import {
  pagerDuty,
  Secret,
  startNotifier,
  webhook,
  type CourierStatus,
  type Receiver,
  type Routing,
  type RunningNotifier,
} from '../src/index.js';
import { JumpingClock } from './clock.js';
import { KeptLog } from './log.js';

export const KEY = '0123456789abcdef0123456789ABCDEF';
export const WEBHOOK_KEY = `whsec_${'A'.repeat(32)}`;

/** A store, receivers and notifiers that are gone, in the right order, after the test. */
export class Scene {
  readonly clock = new JumpingClock();
  readonly log = new KeptLog();
  readonly #undo: (() => Promise<unknown>)[] = [];

  private constructor(readonly store: EmbeddedStore) {}

  static async open(t: TestContext): Promise<Scene> {
    const path = await mkdtemp(join(tmpdir(), 'halfopen-notify-'));
    const scene = new Scene(await openEmbeddedStore({ path }));
    scene.#undo.push(
      () => rm(path, { recursive: true, force: true }),
      () => scene.store.close(),
    );
    t.after(async () => {
      for (const undo of scene.#undo.reverse()) await undo();
    });
    return scene;
  }

  async pagerDuty(): Promise<PagerDutyRecorder> {
    const recorder = await new PagerDutyRecorder({ now: () => this.clock.now() }).listen();
    this.#undo.push(() => recorder.close());
    return recorder;
  }

  async webhook(): Promise<WebhookRecorder> {
    const recorder = await new WebhookRecorder().listen();
    this.#undo.push(() => recorder.close());
    return recorder;
  }

  /** All receivers are told of everything, unless a routing says otherwise. */
  async notify(
    receivers: readonly Receiver[],
    routing: Routing = { routes: [], otherwise: receivers.map(({ name }) => name) },
    store: Store = this.store,
    assertInOffice: () => Promise<void> = () => Promise.resolve(),
  ): Promise<RunningNotifier> {
    const notifier = await startNotifier({
      store,
      receivers,
      routing,
      log: this.log,
      clock: this.clock,
      random: () => 0.5,
      assertInOffice,
    });
    this.#undo.push(() => notifier.stop());
    return notifier;
  }

  /** How each transition stands with each receiver, as people read it. */
  notifications(): Promise<{ receiver: string; told: string; outcome: string; attempts: number }[]> {
    return this.store.query(
      `SELECT receiver, incident_id || ' ' || toString(sequence) AS told, outcome, attempts
       FROM notifications ORDER BY receiver, told`,
    );
  }
}

export function pager(url: string, name = 'pager', key = KEY): Receiver {
  return pagerDuty({ name, url, routingKey: new Secret(key) });
}

export function hook(url: string, name = 'hook'): Receiver {
  return webhook({ name, url: new Secret(url), secret: new Secret(WEBHOOK_KEY) });
}

/** Past this nothing comes any more; everything here takes a fraction of it. */
const PATIENCE_MS = 60_000;

/** Until a receiver's status is as wanted. */
export async function until(
  notifier: RunningNotifier,
  receiver: string,
  holds: (status: CourierStatus) => boolean,
): Promise<CourierStatus> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = notifier.status().get(receiver);
    if (status !== undefined && holds(status)) return status;
    if (Date.now() > deadline) throw new Error(`${receiver} stands at ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
