import { toChannel, toConsoleIncident } from '../links.js';
import { NEUTRAL, type Addresses, type DashboardSpec, type PanelSpec } from '../specs.js';
import {
  DELIVERY_WORDS,
  DIRECTION_WORDS,
  OBSERVED_WORDS,
  SEVERITY_WORDS,
  STATE_WORDS,
  STATUS_WORDS,
} from '../words.js';

/** Summary first, evidence below; facts and inferences are never mixed. */
export function incident({ publicUrl, runbooksUrl }: Addresses): DashboardSpec {
  return {
    name: 'incident',
    title: 'Halfopen: Incident',
    description:
      'One incident as it stood at the end of the range: what is broken, what it probably is, what to do next, and the facts behind it.',
    from: 'now-6h',
    variables: [
      {
        kind: 'query',
        name: 'incident',
        label: 'Incident',
        description: 'those that have fired; the ones that still fire first',
        regex: '/^(?<text>.*) \\| (?<value>[0-9A-Za-z_-]+)$/',
      },
      { kind: 'constant', name: 'console', label: 'Console', description: 'its address', value: publicUrl },
      {
        kind: 'constant',
        name: 'runbooks',
        label: 'Runbooks',
        description: 'their address',
        value: runbooksUrl,
      },
    ],
    rows: [
      { title: 'What is broken, what is it, and what to do?', panels: answer(publicUrl) },
      { title: 'What is known?', panels: evidence() },
      { title: 'Who else is affected?', panels: affected() },
      { title: 'What has happened since?', panels: course() },
    ],
  };
}

function answer(publicUrl: string): PanelSpec[] {
  return [
    {
      query: 'status',
      view: 'stat',
      title: 'Does it still fire, how bad is it, and what is it likeliest?',
      description: 'As it stood at the end of the range.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 10,
      height: 5,
      nothing: 'Nothing is on record of this incident by the end of this range',
      columns: { status: { words: STATUS_WORDS }, severity: { words: SEVERITY_WORDS } },
    },
    {
      query: 'summary',
      view: 'table',
      title: 'What is broken, and since when?',
      description:
        'In one sentence. The id opens the console, where the incident can be acknowledged and silenced.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 5,
      columns: {
        summary: { wrap: true, width: 420 },
        began_at: { title: 'began' },
        fired_at: { title: 'fired' },
        resolved_at: { title: 'resolved' },
        incident: { title: 'console', links: [toConsoleIncident(publicUrl)] },
      },
    },
    {
      query: 'hypotheses',
      view: 'ranking',
      title: 'What is it probably?',
      description: 'The probability of each cause, given the facts below. unknown-cause always competes.',
      unit: 'percentunit',
      thresholds: ['blue'],
      max: 1,
      width: 10,
      height: 9,
    },
    {
      query: 'next_step',
      view: 'table',
      title: 'What to do next, and what would each outcome mean?',
      description: 'The one observation or act that tells the leading causes apart best.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 9,
      columns: {
        step_part: { title: 'step', width: 100 },
        words: { title: 'what', wrap: true },
        causes: { title: 'tells apart, or leaves', wrap: true },
      },
    },
  ];
}

function evidence(): PanelSpec[] {
  return [
    {
      query: 'facts',
      view: 'table',
      title: 'What is true, and which query shows it?',
      description:
        'symptom: seen, and no healthy channel shows it. fine: looked at, and as it should be. The query gives the rows behind the statement.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 12,
      columns: {
        observed: { words: OBSERVED_WORDS, width: 90 },
        statement: { wrap: true },
        sql: { title: 'query', width: 260 },
      },
    },
    {
      query: 'unknowns',
      view: 'table',
      title: 'What could nobody see?',
      description: 'What is not known, and why. Missing telemetry is never evidence.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 10,
      height: 12,
      nothing: 'Everything that was asked could be seen',
      columns: { statement: { wrap: true } },
    },
    {
      query: 'arguments',
      view: 'table',
      title: 'What speaks for and against each cause?',
      description:
        'In the words of the facts; the last column is what would move the probability if it were seen.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 24,
      height: 10,
      columns: {
        cause: { width: 160 },
        probability: { unit: 'percentunit', width: 100 },
        explanation: { wrap: true },
        speaks_for: { title: 'for', wrap: true },
        speaks_against: { title: 'against', wrap: true },
        would_tell: { title: 'would tell', wrap: true },
      },
    },
  ];
}

function affected(): PanelSpec[] {
  return [
    {
      query: 'affected',
      view: 'table',
      title: 'Which channels are affected, and how do they do?',
      description: 'As they stood at the end of the range.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 8,
      nothing: 'No affected channel was heard of in the quarter of an hour before the end of this range',
      columns: {
        channel: { links: [toChannel()] },
        state: { words: STATE_WORDS },
        why: { wrap: true },
        to_agent: { words: DIRECTION_WORDS },
        to_server: { words: DIRECTION_WORDS },
      },
    },
    {
      query: 'shared',
      view: 'table',
      title: 'What do the affected channels share?',
      description:
        'Attributes that all of them carry with one value, and how many channels that are not affected carry it too: none is telling.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 10,
      height: 8,
      nothing: 'Nothing: they differ in site, version, gateway and transport',
      columns: {
        broken_with_it: { title: 'affected with it' },
        others_with_it: { title: 'others with it', thresholds: ['orange', [1, 'text']] },
      },
    },
  ];
}

function course(): PanelSpec[] {
  return [
    {
      query: 'transitions',
      view: 'table',
      title: 'How did it develop?',
      description: 'Every change on record: noticed, fired, changed, resolved.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 8,
      columns: {
        status: { words: STATUS_WORDS, width: 90 },
        severity: { words: SEVERITY_WORDS, width: 90 },
        summary: { wrap: true },
      },
    },
    {
      query: 'notifications',
      view: 'table',
      title: 'Who was told, and did it arrive?',
      description: 'One row per receiver and change. failed is tried again, refused is not.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 8,
      nothing: 'Nobody was told: no receiver is configured for it, or it was too young',
      columns: {
        told: { words: STATUS_WORDS },
        outcome: { words: DELIVERY_WORDS },
        answer: { wrap: true },
      },
    },
    {
      query: 'responses',
      view: 'table',
      title: 'Who has taken it on, and is it silenced?',
      description:
        'Whatever the range: acknowledgements, and silences that match it, over or not. Both are made in the console.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 18,
      height: 6,
      nothing: 'Nobody has acknowledged or silenced it',
      columns: { words: { title: 'note or reason', wrap: true } },
    },
    {
      query: 'links',
      view: 'table',
      title: 'Where to read on?',
      description:
        'Pages of the console, and the runbook of the cause where notifications.runbooksUrl says where those are.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 6,
      height: 6,
      nothing: 'No links',
      columns: { href: { title: 'address', links: [{ title: 'Open', url: '${__value.raw:raw}' }] } },
    },
  ];
}
