import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { Store } from '@halfopen/store';
import { startRules, type RunningRules, type Transition } from '../src/index.js';
import { temporaryStore } from './temporary-store.js';
import { BEGIN_MS, state } from './told.js';

/** A store that does what it is told to before a call. */
class Moody implements Store {
  readonly calls: string[] = [];
  before: (call: string) => void | Promise<void> = () => undefined;

  constructor(private readonly store: Store) {}

  insert: Store['insert'] = (...given) => this.store.insert(...given);
  close = (): Promise<void> => this.store.close();

  async query<Row>(...given: Parameters<Store['query']>): Promise<Row[]> {
    await this.#comes('query');
    return this.store.query<Row>(...given);
  }

  async command(...given: Parameters<Store['command']>): Promise<void> {
    await this.#comes('command');
    await this.store.command(...given);
  }

  async #comes(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}

/** Fails the call of that kind that comes after so many others of it. */
function failing(kind: string, after = 0): (call: string) => void {
  let left = after;
  return (call) => {
    if (call === kind && left-- === 0) throw new Error(`the ${kind} failed`);
  };
}

/** The rules over a fake clock: one instant a turn, the last one again and again. */
class Turns {
  asked = 0;
  readonly transitions: Transition[] = [];
  readonly logged: string[] = [];
  #waiting: { readonly turn: number; readonly reached: () => void }[] = [];

  constructor(private readonly instants_s: readonly number[]) {}

  start(t: TestContext, store: Store): Promise<RunningRules> {
    const log = (_fields: object, message: string): void => void this.logged.push(message);
    const started = startRules({
      store,
      intervalMs: 1,
      now: () => this.#next(),
      log: { info: () => undefined, error: log },
      onTransition: (transition) => void this.transitions.push(transition),
    });
    t.after(async () => (await started).stop());
    return started;
  }

  /** The turn begins; those before it have ended. */
  turn(turn: number): Promise<void> {
    return new Promise((reached) => {
      if (this.asked > turn) reached();
      else this.#waiting.push({ turn, reached });
    });
  }

  told(): string[] {
    return this.transitions.map(
      ({ sequence, status, at_ms, incident }) =>
        `${incident.channels.join()}: ${sequence} ${status} at ${(at_ms - BEGIN_MS) / 1000}`,
    );
  }

  /** The first is asked for by the resumption, which is no turn. */
  #next(): number {
    const instant_s = this.instants_s[Math.max(0, this.asked - 1)] ?? this.instants_s.at(-1) ?? 0;
    this.asked++;
    for (const { turn, reached } of this.#waiting) if (this.asked > turn) reached();
    return BEGIN_MS + instant_s * 1000;
  }
}

/**
 * Two channels whose servers claim to be connected while the reader of one is dead and the handler of the other (two causes,
 * and so two incidents): noticed at once, fired 10 s later.
 */
async function twoZombies(store: Store): Promise<void> {
  for (const [id, part] of Object.entries({ a: 'reader.alive', b: 'handler.alive' })) {
    for (const at_s of [0, 10, 20, 30]) await state(store, 'server', at_s, { id, [part]: false });
  }
}

async function written(store: Store): Promise<string[]> {
  const rows = await store.query<{ told: string }>(
    `SELECT arrayStringConcat(channels, ',') || ': ' || sequence || ' ' || status || ' at ' || dateDiff('second', {begin:DateTime64(3)}, at) AS told
     FROM incident_transitions ORDER BY at, sequence, channels`,
    { params: { begin: new Date(BEGIN_MS).toISOString().replace('T', ' ').replace('Z', '') } },
  );
  return rows.map(({ told }) => told);
}

const ALL = ['a: 1 pending at 5', 'b: 1 pending at 5', 'a: 2 firing at 15', 'b: 2 firing at 15'];

test('each turn evaluates at the instant that ingestion has come to', async (t) => {
  const store = await temporaryStore(t);
  await twoZombies(store);
  const turns = new Turns([5, 15]);
  const rules = await turns.start(t, store);
  await turns.turn(3);
  assert.deepEqual(turns.told(), ALL);
  assert.deepEqual(await written(store), ALL);
  const { evaluations, failures, lastInstantMs } = rules.status();
  assert.ok(evaluations >= 2);
  assert.deepEqual([failures, lastInstantMs], [0, BEGIN_MS + 15_000]);
  assert.deepEqual((await rules.incidents('firing')).map(({ channels }) => channels.join()).sort(), [
    'a',
    'b',
  ]);
});

test('an evaluation that cannot read is counted and tried again, and nothing is lost', async (t) => {
  const store = new Moody(await temporaryStore(t));
  await twoZombies(store);
  const turns = new Turns([5, 15]);
  // The resumption reads first.
  store.before = failing('query', 2);
  const rules = await turns.start(t, store);
  await turns.turn(2);
  const failed = rules.status();
  assert.deepEqual([failed.evaluations, failed.failures], [0, 1]);
  assert.equal(failed.lastError, 'the query failed');
  assert.equal(failed.lastInstantMs, undefined);
  await turns.turn(3);
  assert.deepEqual(turns.told(), ['a: 1 pending at 15', 'b: 1 pending at 15']);
  assert.equal(rules.status().failures, 1);
  assert.equal(turns.logged.length, 1);
});

for (const after of [0, 1]) {
  test(`an evaluation whose write ${after + 1} of 2 fails is written in the end: nothing lost, nothing twice`, async (t) => {
    const store = new Moody(await temporaryStore(t));
    await twoZombies(store);
    const turns = new Turns([5, 15, 15]);
    store.before = failing('command', after);
    const rules = await turns.start(t, store);
    await turns.turn(2);
    assert.equal(rules.status().failures, 1);
    assert.deepEqual(turns.told(), [], 'what may not be written is told to nobody');
    await turns.turn(3);
    assert.deepEqual(await written(store), ALL);
    assert.deepEqual(turns.told(), ALL);
    assert.equal((await rules.incidents('firing')).length, 2);
  });
}

test('instants never go backwards, however often ingestion falls behind', async (t) => {
  const store = new Moody(await temporaryStore(t));
  await twoZombies(store);
  const turns = new Turns([20, 5, 15, 20, 35]);
  const rules = await turns.start(t, store);
  await turns.turn(2);
  const read = store.calls.length;
  await turns.turn(4);
  assert.equal(store.calls.length, read, 'at 5 s and at 15 s nothing is looked at');
  assert.equal(rules.status().lastInstantMs, BEGIN_MS + 20_000);
  await turns.turn(6);
  assert.deepEqual(turns.told(), [
    'a: 1 pending at 20',
    'b: 1 pending at 20',
    'a: 2 firing at 35',
    'b: 2 firing at 35',
  ]);
});

test('what could not be written comes first, also when ingestion has fallen behind since', async (t) => {
  const store = new Moody(await temporaryStore(t));
  await twoZombies(store);
  const turns = new Turns([20, 5, 15, 35]);
  store.before = failing('command', 1);
  await turns.start(t, store);
  await turns.turn(5);
  assert.deepEqual(await written(store), turns.told());
  assert.deepEqual(turns.told(), [
    'a: 1 pending at 20',
    'b: 1 pending at 20',
    'a: 2 firing at 35',
    'b: 2 firing at 35',
  ]);
});

test('what was open is resumed, and a second start fires nothing again', async (t) => {
  const store = await temporaryStore(t);
  await twoZombies(store);
  const first = new Turns([5, 15]);
  const rules = await first.start(t, store);
  await first.turn(3);
  await rules.stop();
  const second = new Turns([25]);
  await second.start(t, store);
  await second.turn(2);
  assert.deepEqual(second.told(), []);
  assert.deepEqual(await written(store), ALL);
});

test('stop waits for the evaluation under way, and none begins after it', async (t) => {
  const store = new Moody(await temporaryStore(t));
  await twoZombies(store);
  const turns = new Turns([5]);
  const order: string[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  store.before = async (call) => {
    if (call !== 'command') return;
    reach();
    await gate;
    order.push('written');
  };
  const rules = await turns.start(t, store);
  await reached;
  const stopped = rules.stop().then(() => order.push('stopped'));
  open();
  await stopped;
  assert.deepEqual(order, ['written', 'written', 'stopped']);
  assert.equal(rules.status().evaluations, 1);
  const { asked } = turns;
  // Were there a timer for another turn, it would be due before this one.
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(turns.asked, asked);
});
