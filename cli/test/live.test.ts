import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Incident } from '@halfopen/telemetry';
import { halfopen, sample, temporaryFolder, up, type Up } from './halfopen.js';

/** agent-3's handler dies here. */
const FAULT_MS = Date.parse('2026-10-01T12:03:00Z');

/** The rule's bound: the end's own claim within a state interval of ten seconds, which must last ten more. */
const BOUND_MS = 20_000;

/** Evaluations come every second, later on a busy machine, and the claim may come a moment late. */
const SLACK_MS = 10_000;

interface Recorded {
  /** When the last span of the request ended: it was sent then. */
  readonly atMs: number;
  readonly body: string;
}

/** The requests of a recording with all times moved, in the order of their sending. */
async function shifted(name: string, byMs: number): Promise<Recorded[]> {
  const text = gunzipSync(await readFile(sample(name))).toString('utf8');
  const shift = BigInt(byMs) * 1_000_000n;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      let lastNano = 0n;
      const body = line.replace(
        /"(start|end)TimeUnixNano":"(\d+)"/g,
        (_match, which: string, nano: string) => {
          const moved = BigInt(nano) + shift;
          if (moved > lastNano) lastNano = moved;
          return `"${which}TimeUnixNano":"${moved}"`;
        },
      );
      return { atMs: Number(lastNano / 1_000_000n), body };
    })
    .sort((a, b) => a.atMs - b.atMs);
}

async function send({ collectorUrl }: Up, { body }: Recorded): Promise<void> {
  const response = await fetch(`${collectorUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  assert.equal(response.status, 200, await response.text());
}

async function firing({ apiUrl }: Up): Promise<Incident[]> {
  const response = await fetch(`${apiUrl}/api/v1/incidents?status=firing`);
  assert.equal(response.status, 200);
  return ((await response.json()) as { incidents: Incident[] }).incidents;
}

test("a fault that is reported as it happens becomes an incident within its rule's bound, and outlives a restart", async (t) => {
  const data = await temporaryFolder(t);
  const config = join(data, 'fast.yaml');
  await writeFile(config, 'rules: { intervalMs: 1000, exporterDelayMs: 1000 }\n');
  const running = await up(data, '--config', config);
  const onsetMs = Date.now() + 5_000;
  const requests = await shifted('handler-dead-both-ends', onsetMs - FAULT_MS);
  const past = requests.filter(({ atMs }) => atMs <= Date.now());
  for (let begin = 0; begin < past.length; begin += 64) {
    await Promise.all(past.slice(begin, begin + 64).map((request) => send(running, request)));
  }

  const incident = await untilFires(running, requests.slice(past.length), onsetMs + BOUND_MS + 60_000);
  assert.deepEqual(incident.channels, ['agent-3']);
  assert.equal(incident.rule, 'zombie-handler');
  assert.equal(incident.hypotheses[0]?.cause, 'handler-dead');
  const firedAfterMs = Date.parse(incident.fired_at) - onsetMs;
  assert.ok(
    firedAfterMs > 0 && firedAfterMs <= BOUND_MS + SLACK_MS,
    `fired ${firedAfterMs} ms after the onset`,
  );

  const { code, stdout } = await running.stop('SIGINT');
  assert.equal(code, 0);
  assert.match(stdout, /stopping/);
  const again = await up(data, '--config', config);
  const [resumed] = await firing(again);
  assert.equal(resumed?.id, incident.id, 'the incident goes on under its id');
  const explained = await halfopen('explain', 'agent-3', '--data', data, '--json');
  assert.equal(
    (JSON.parse(explained.stdout) as { hypotheses: { cause: string }[] }).hypotheses[0]?.cause,
    'handler-dead',
  );
  assert.equal((await again.stop('SIGTERM')).code, 0);
});

/** Sends each request when its time has come, and asks in between; the deadline is for a product that never fires. */
async function untilFires(running: Up, future: readonly Recorded[], deadlineMs: number): Promise<Incident> {
  // As many exporters would: nobody waits for somebody else's answer.
  const sent: Promise<void>[] = [];
  let next = 0;
  while (Date.now() < deadlineMs) {
    for (
      let request = future[next];
      request !== undefined && request.atMs <= Date.now();
      request = future[++next]
    ) {
      sent.push(send(running, request));
    }
    const [incident] = await firing(running);
    if (incident !== undefined) {
      await Promise.all(sent);
      return incident;
    }
    await sleep(200);
  }
  throw new Error('nothing fired');
}
