import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { simulate, type Scenario } from '@halfopen/lab';
import { startRules } from '@halfopen/rules';
import type { Incident } from '@halfopen/telemetry';
import { opened, type Stored } from '../facts/stored.js';
import { brief } from './simulated.js';

/** How late exporters send: the instant stays so far behind what is stored. */
const EXPORTER_DELAY_MS = 5_000;

const SILENT = { info: () => undefined, error: () => undefined };

/** A fleet whose telemetry is stored as it is sent, up to where ingestion has come. */
class Arriving {
  readonly #pending;
  #files = 0;

  constructor(
    private readonly stored: Stored,
    simulation: ReturnType<typeof simulate>,
  ) {
    this.startMs = simulation.scenario.startMs;
    this.#pending = [...simulation.exports()];
  }

  readonly startMs: number;

  /** Ingestion comes to this moment: all that was sent by then is stored, nothing else. */
  async store(until_s: number): Promise<void> {
    const due = this.#pending.findIndex(({ atMs }) => atMs > this.startMs + until_s * 1000);
    const sent = this.#pending.splice(0, due < 0 ? this.#pending.length : due);
    const file = join(this.stored.folder, `${this.#files++}.jsonl`);
    await writeFile(file, sent.map(({ request }) => JSON.stringify(request)).join('\n'));
    await this.stored.load(file);
  }

  /** One evaluation by the rules' own loop, resumed from the journal and stopped again. */
  async evaluate(ingested_s: number): Promise<Incident[]> {
    const rules = await startRules({
      store: this.stored.store,
      now: () => this.startMs + ingested_s * 1000 - EXPORTER_DELAY_MS,
      intervalMs: 3_600_000,
      log: SILENT,
    });
    await rules.stop();
    assert.equal(rules.status().failures, 0);
    return rules.incidents('all');
  }
}

async function arriving(t: TestContext, scenario: Partial<Scenario>): Promise<Arriving> {
  return new Arriving(await opened(t), simulate({ channels: 3, durationMs: 600_000, ...scenario }));
}

test('ingestion falls four minutes behind and catches up: no incident on a healthy fleet', async (t) => {
  const fleet = await arriving(t, {});
  for (const at_s of [60, 90, 120]) {
    await fleet.store(at_s);
    assert.deepEqual((await fleet.evaluate(at_s)).map(brief), []);
  }
  // Four minutes pass; the instant follows ingestion and not the clock.
  for (let turn = 0; turn < 3; turn++) assert.deepEqual((await fleet.evaluate(120)).map(brief), []);
  for (const at_s of [180, 240, 300, 360, 390]) {
    await fleet.store(at_s);
    assert.deepEqual((await fleet.evaluate(at_s)).map(brief), []);
  }
});

test('a fault that strikes while ingestion is behind is found as it catches up, and dated where it began', async (t) => {
  const fleet = await arriving(t, { faults: [{ name: 'handler-dead', channels: ['agent-1'] }] });
  let incidents: Incident[] = [];
  for (const at_s of [120, 150, 150, 150, 210, 240, 270]) {
    await fleet.store(at_s);
    incidents = await fleet.evaluate(at_s);
    if (at_s <= 150) assert.deepEqual(incidents.map(brief), []);
  }
  assert.ok(incidents.length > 0);
  for (const { channels, hypotheses, started_at } of incidents) {
    assert.deepEqual([channels, hypotheses[0]?.cause], [['agent-1'], 'handler-dead']);
    const started_s = (Date.parse(started_at) - fleet.startMs) / 1000;
    assert.ok(Math.abs(started_s - 180) <= 30, `began at ${started_s} s`);
  }
});

for (const end of ['agent', 'server'] as const) {
  test(`as telemetry arrives, the ${end}'s clock half a minute behind: the dead handler alone, first`, async (t) => {
    const fleet = await arriving(t, {
      faults: [{ name: 'handler-dead', channels: ['agent-1'], honest: false }],
      benign: [{ name: 'clock-skew', end, forMs: -30_000 }],
    });
    let incidents: Incident[] = [];
    for (let at_s = 55; at_s <= 330; at_s += 25) {
      await fleet.store(at_s);
      incidents = await fleet.evaluate(at_s);
    }
    assert.ok(incidents.length > 0);
    for (const incident of incidents)
      assert.deepEqual(
        [incident.channels, incident.hypotheses[0]?.cause],
        [['agent-1'], 'handler-dead'],
        brief(incident),
      );
  });
}
