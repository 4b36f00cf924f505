import assert from 'node:assert/strict';
import test from 'node:test';
import type { Incident } from '@halfopen/telemetry';
import { markdownOf } from '../../src/model/markdown.js';

const incident: Incident = {
  id: 'i1',
  dedup_key: 'd',
  rule: 'asymmetric-channel',
  status: 'firing',
  severity: 'critical',
  started_at: '2026-10-01T12:03:10Z',
  fired_at: '2026-10-01T12:04:00Z',
  resolved_at: null,
  channels: ['agent-17', 'a`b'],
  shared: { attribute: 'channel.site', value: 'site-b' },
  summary: 'agent-17 <img src=x> receives *commands* and executes none',
  facts: [
    { id: 'written', statement: '12 commands were written', observed: true, sql: 'SELECT 1' },
    { id: 'reads', statement: 'the agent reads', observed: false, sql: 'SELECT 1' },
  ],
  unknowns: [{ id: 'there', statement: 'whether they arrived' }],
  hypotheses: [
    {
      cause: 'handler-dead',
      probability: 0.71,
      for: ['written'],
      against: ['reads'],
      missing: ['there'],
      explanation: 'its handler',
    },
    {
      cause: 'unknown-cause',
      probability: 0.29,
      for: [],
      against: [],
      missing: [],
      explanation: 'none of these',
    },
  ],
  next_step: {
    action: 'Look at the agent',
    discriminates: ['handler-dead'],
    outcomes: [{ if: 'it reads', then: ['handler-dead'] }],
  },
  runbook_url: '',
  links: [],
};

test('a ticket gets what is true, what is not known, what it probably is and what to do', () => {
  const text = markdownOf(incident, 'http://127.0.0.1:8321/incidents/i1');
  const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title);
  assert.deepEqual(titles.slice(1), [
    'What is true',
    'What is not known',
    'What it probably is',
    'Next step',
  ]);
  for (const part of [
    '**handler-dead**, 71 %: its handler',
    '- for: 12 commands were written',
    '- against: the agent reads',
    '- would tell: whether they arrived',
    '- if it reads: handler-dead',
    '`agent-17`, ``a`b``',
    '<http://127.0.0.1:8321/incidents/i1>',
  ])
    assert.ok(text.includes(part), part);
});

test('what telemetry says is text in the ticket, never markup', () => {
  const text = markdownOf(
    {
      ...incident,
      facts: [{ id: 'x', statement: '[click](http://evil)\n# heading', observed: true, sql: '' }],
    },
    'http://h/',
  );
  assert.doesNotMatch(text, /(^|[^\\])<img/);
  assert.ok(text.includes('\\[click\\](http://evil) \\# heading'));
  assert.ok(text.includes('\\*commands\\*'));
});
