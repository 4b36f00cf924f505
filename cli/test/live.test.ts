import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { PagerDutyRecorder } from '@halfopen/lab';
import type { Acknowledgement, Incident, Silence } from '@halfopen/telemetry';
import { afterwards } from './afterwards.js';
import { halfopen, sample, temporaryFolder, up, type Up } from './halfopen.js';
import { until } from './until.js';

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

/** As the API lists it. */
type Listed = Incident & { acknowledged: Acknowledgement | null; silenced_until: string | null };

async function firing({ apiUrl }: Up): Promise<Listed[]> {
  const response = await fetch(`${apiUrl}/api/v1/incidents?status=firing`);
  assert.equal(response.status, 200);
  return ((await response.json()) as { incidents: Listed[] }).incidents;
}

test("a fault that is reported as it happens becomes an incident within its rule's bound, and outlives a restart", async (t) => {
  const data = await temporaryFolder(t);
  const config = join(data, 'fast.yaml');
  const pager = await new PagerDutyRecorder().listen();
  afterwards(t, () => pager.close());
  await writeFile(
    config,
    `rules: { intervalMs: 1000, exporterDelayMs: 1000 }
grafana: { url: https://grafana.example.net }
notifications:
  receivers: [{ name: oncall, kind: pagerduty, routingKey: ${'0a'.repeat(16)}, url: ${pager.url} }]
  publicUrl: https://halfopen.example.net/base
`,
  );
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

  await respond(running, incident, pager);

  const { code, stdout } = await running.stop('SIGINT');
  assert.equal(code, 0);
  assert.match(stdout, /stopping/);
  const again = await up(data, '--config', config);
  const [resumed] = await firing(again);
  assert.equal(resumed?.id, incident.id, 'the incident goes on under its id');
  assert.equal(resumed.acknowledged?.by, 'ada');
  assert.ok(resumed.silenced_until !== null);
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

interface Detail {
  readonly incident: Listed;
  readonly transitions: readonly { readonly sequence: number; readonly reason: string }[];
  readonly notifications: readonly { readonly sequence: number; readonly outcome: string }[];
  readonly acknowledgement: Acknowledgement | null;
  readonly silences: readonly Silence[];
}

/** What somebody who is paged does: opens the page's links, takes the incident on, and silences what is to come. */
async function respond({ apiUrl }: Up, { id }: Incident, pager: PagerDutyRecorder): Promise<void> {
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${apiUrl}/api/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const detail = async () => (await ask('GET', `/incidents/${id}`)).body as Detail;

  assert.equal((await ask('GET', '/incidents/none')).status, 404);
  assert.equal((await ask('POST', '/incidents/none/acknowledge', { by: 'ada' })).status, 404);
  assert.equal((await ask('POST', `/incidents/${id}/acknowledge`, {})).status, 400);
  const taken = await ask('POST', `/incidents/${id}/acknowledge`, { by: 'ada', note: 'on it' });
  assert.equal(taken.status, 200);
  await told(pager, id, ['trigger', 'acknowledge']);

  const [page] = pager.events;
  const hrefs = page?.links?.map(({ href }) => href) ?? [];
  const base = 'https://halfopen.example.net/base';
  assert.ok(hrefs.includes(`${base}/incidents/${id}`), hrefs.join(' '));
  assert.ok(
    hrefs.some((href) => href.startsWith(`${base}/channels/agent-3?from=`)),
    hrefs.join(' '),
  );
  const grafana = hrefs.filter((href) => href.startsWith('https://grafana.example.net/'));
  assert.deepEqual(
    grafana.map((href) => new URL(href).pathname.split('/')[2]),
    ['halfopen-incident', 'halfopen-channel', 'halfopen-traces'],
    'the dashboards, and the trace of a frame that died',
  );

  const hour = new Date(Date.now() + 3_600_000).toISOString();
  const silence = { matchers: { channel: 'agent-3' }, until: hour, reason: 'being replaced', by: 'ada' };
  for (const wrong of [
    { ...silence, matchers: {} },
    { ...silence, matchers: { chanel: 'agent-3' } },
    { ...silence, until: '2026-10-01T12:00:00Z' },
    { ...silence, until: 'tomorrow' },
    { ...silence, reason: ' ' },
  ])
    assert.equal((await ask('POST', '/silences', wrong)).status, 400, JSON.stringify(wrong));
  const made = (await ask('POST', '/silences', silence)).body as { silence: Silence };
  const gone = (await ask('POST', '/silences', { ...silence, matchers: { incident: id } }))
    .body as typeof made;
  assert.equal((await ask('DELETE', `/silences/${gone.silence.id}`)).status, 200);
  assert.equal((await ask('DELETE', '/silences/none')).status, 404);
  const active = (await ask('GET', '/silences?active=true')).body as { silences: Silence[] };
  assert.deepEqual(active.silences, [made.silence]);

  const { incident, transitions, notifications, acknowledgement, silences } = await detail();
  assert.deepEqual([acknowledgement?.by, acknowledgement?.note], ['ada', 'on it']);
  assert.equal(incident.silenced_until, hour);
  assert.deepEqual(silences.map((one) => one.active).sort(), [false, true]);
  assert.ok(transitions.some(({ reason }) => reason === 'fired'));
  assert.ok(notifications.some(({ sequence, outcome }) => sequence === 0 && outcome === 'delivered'));
}

/** The pager is called in its own time. */
async function told(pager: PagerDutyRecorder, id: string, actions: readonly string[]): Promise<void> {
  const heard = (): string[] => pager.events.map(({ event_action: action }) => action);
  await until(
    `the pager hears of ${id}: ${actions.join(', ')}`,
    () => actions.every((action) => heard().includes(action)),
    () => heard().join(', '),
  );
}
