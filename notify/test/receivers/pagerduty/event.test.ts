import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PagerDutyRecorder, type PagerDutyEvent } from '@halfopen/lab';
import { Secret } from '../../../src/index.js';
import { dedupKey, eventBody, EVENT_BYTES_MAX } from '../../../src/receivers/pagerduty/event.js';
import type { Notification } from '../../../src/receivers/receiver.js';
import { anyIncident, incident } from '../../incidents.js';

const KEY = new Secret('0123456789abcdef0123456789ABCDEF');
const BASES = {
  publicUrl: 'https://halfopen.example.com/x',
  runbooksUrl: 'https://docs.example.com/halfopen/',
};

function eventOf(notification: Notification, bases = {}): PagerDutyEvent {
  return JSON.parse(eventBody(notification, KEY, bases)) as PagerDutyEvent;
}

test('a trigger says what is broken, what speaks for it, and what to do next', () => {
  const event = eventOf({ kind: 'fired', at_ms: 0, incident: incident(), sequence: 2 }, BASES);
  assert.equal(event.event_action, 'trigger');
  assert.equal(event.dedup_key, incident().dedup_key);
  const { payload } = event;
  assert.deepEqual(
    [payload?.severity, payload?.source, payload?.class, payload?.component, payload?.timestamp],
    ['critical', 'agent-3', 'zombie-handler', 'handler-dead', '2026-10-01T12:03:00.000Z'],
  );
  const details = payload?.custom_details ?? {};
  assert.deepEqual(details['facts'], incident().facts);
  assert.deepEqual(details['next_step'], incident().next_step);
  assert.deepEqual(details['likely_causes'], incident().hypotheses);
  assert.ok(!('trimmed' in details));
  assert.deepEqual(event.links, [
    { text: 'Runbook', href: 'https://docs.example.com/halfopen/docs/runbooks/handler-dead.md' },
    { text: 'Channel agent-3', href: 'https://halfopen.example.com/x/channels/agent-3?from=now' },
  ]);
});

test('links that lead nowhere without a base stay out', () => {
  const { links, client_url: clientUrl } = eventOf({
    kind: 'fired',
    at_ms: 0,
    incident: incident(),
    sequence: 2,
  });
  assert.deepEqual([links, clientUrl], [[], undefined]);
});

test('severities are the contract’s own', () => {
  for (const severity of ['critical', 'error', 'warning', 'info'] as const) {
    const event = eventOf({ kind: 'fired', at_ms: 0, incident: incident({ severity }), sequence: 1 });
    assert.equal(event.payload?.severity, severity);
  }
});

test('whatever an incident says, PagerDuty takes its events, and folds them by one key', async (t) => {
  const recorder = await new PagerDutyRecorder({ perMinute: Infinity }).listen();
  t.after(() => recorder.close());
  await fc.assert(
    fc.asyncProperty(anyIncident, fc.constantFrom({}, BASES), async (any, bases) => {
      const taken = recorder.events.length;
      for (const kind of ['fired', 'changed', 'resolved'] as const) {
        const body = eventBody({ kind, at_ms: 0, incident: any, sequence: 1 }, KEY, bases);
        assert.ok(Buffer.byteLength(body) <= EVENT_BYTES_MAX);
        const response = await fetch(`${recorder.url}/v2/enqueue`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        assert.equal(response.status, 202, await response.text());
      }
      const [fired, changed, resolved] = recorder.events.slice(taken);
      assert.ok(fired !== undefined && changed !== undefined && resolved !== undefined);
      assert.equal(fired.dedup_key, resolved.dedup_key);
      assert.equal(fired.dedup_key, changed.dedup_key);
      assert.equal(resolved.event_action, 'resolve');
      assert.equal(fired.payload?.severity, any.severity);
      if (any.dedup_key !== '' && any.dedup_key.length <= 255) assert.equal(fired.dedup_key, any.dedup_key);
    }),
    { numRuns: 150 },
  );
});

test('a monstrous incident is cut to its essentials, not to nothing', () => {
  const facts = Array.from({ length: 5000 }, (_, index) => ({
    id: `fact-${index}`,
    statement: '\u0000'.repeat(3000),
    observed: true,
    sql: 'SELECT 1',
  }));
  const [hypothesis] = incident().hypotheses;
  const monster = incident({
    summary: '😀'.repeat(1000),
    facts,
    hypotheses: Array(1000).fill({ ...hypothesis, explanation: 'x'.repeat(10_000) }) as ReturnType<
      typeof incident
    >['hypotheses'],
    channels: Array.from({ length: 100_000 }, (_, index) => `agent-${index}`),
  });
  const body = eventBody({ kind: 'fired', at_ms: 0, incident: monster, sequence: 1 }, KEY, BASES);
  assert.ok(Buffer.byteLength(body) <= EVENT_BYTES_MAX);
  const { payload } = JSON.parse(body) as PagerDutyEvent;
  const details = payload?.custom_details as Record<string, unknown[]> & { trimmed?: string };
  assert.ok((details['facts']?.length ?? 0) >= 3 && (details['likely_causes']?.length ?? 0) >= 3);
  assert.ok(details['next_step'] !== undefined && details.trimmed !== undefined);
  const summary = payload?.summary ?? '';
  assert.ok(summary.length <= 1024 && /^(😀)+…$/u.test(summary), 'cut between code points');
});

test('queries go before anything else does', () => {
  const facts = Array.from({ length: 50 }, (_, index) => ({
    id: `fact-${index}`,
    statement: `statement ${index}`,
    observed: true,
    sql: `SELECT '${'x'.repeat(20_000)}'`,
  }));
  const { payload } = eventOf({ kind: 'fired', at_ms: 0, incident: incident({ facts }), sequence: 1 });
  const told = payload?.custom_details?.['facts'] as { statement: string; sql?: string }[];
  assert.deepEqual(
    told.map(({ statement }) => statement),
    facts.map(({ statement }) => statement),
  );
  assert.ok(told.every(({ sql }) => sql === undefined));
});

test('a dedup key that is too long becomes another, always the same', () => {
  const long = 'k'.repeat(256);
  assert.equal(dedupKey(long), dedupKey(long));
  assert.notEqual(dedupKey(long), dedupKey(`${long}k`));
  assert.ok(dedupKey(long).length <= 255);
  assert.equal(dedupKey('k'.repeat(255)), 'k'.repeat(255));
});
