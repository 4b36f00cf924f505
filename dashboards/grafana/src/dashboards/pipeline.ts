import { NEUTRAL, type DashboardSpec, type PanelSpec } from '../specs.js';

/** Can the other dashboards be believed? What the store itself tells of how telemetry comes in. */
export const pipeline: DashboardSpec = {
  name: 'pipeline',
  title: 'Halfopen: Pipeline',
  description:
    'Whether telemetry comes in, how late, and what it costs: from the store alone. Times are those of insertion. The processes themselves tell more on /metrics.',
  from: 'now-1h',
  variables: [],
  rows: [
    { title: 'Does telemetry come in?', panels: answer() },
    { title: 'How much, how late, what failed?', panels: flow() },
    { title: 'What does it cost?', panels: cost() },
    { title: 'Are incidents judged and told in time?', panels: verdicts() },
  ],
};

function answer(): PanelSpec[] {
  return [
    {
      query: 'now',
      view: 'stat',
      title: 'Is telemetry stored now, and how late is it?',
      description:
        'quiet: since the last message was stored. spans rate: stored in the last minute, per second. lag: from the first span of a message to its storing, 99 of 100 messages of the range.',
      unit: 's',
      thresholds: ['green'],
      width: 16,
      height: 4,
      nothing: 'No message was stored in this range',
      columns: {
        quiet: { title: 'quiet for', unit: 's', thresholds: ['green', [30, 'yellow'], [120, 'red']] },
        spans_rate: { title: 'spans a second', unit: 'ops', thresholds: ['text'] },
        lag: { title: 'lag p99', unit: 's', thresholds: ['green', [20, 'yellow'], [60, 'red']] },
      },
    },
    {
      query: 'dead_letter_count',
      view: 'stat',
      title: 'How many messages could not be decoded?',
      description: 'Dead letters of the range. They are kept, with the reason.',
      unit: 'none',
      thresholds: ['green', [1, 'red']],
      width: 8,
      height: 4,
    },
  ];
}

function flow(): PanelSpec[] {
  return [
    {
      query: 'rate',
      view: 'lines',
      title: 'How many spans and messages are stored a second?',
      description: 'A line that falls to nothing while channels are open is a pipeline that has stopped.',
      unit: 'ops',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
      nothing: 'No message was stored in this range',
    },
    {
      query: 'lag',
      view: 'lines',
      title: 'How late are spans stored?',
      description:
        'From the first span of a message to its storing. Exporters batch for 5 s or so; rules wait for what is late.',
      unit: 's',
      thresholds: ['green', [20, 'yellow'], [60, 'red']],
      width: 8,
      height: 9,
      nothing: 'No message was stored in this range',
    },
    {
      query: 'errors',
      view: 'bars',
      title: 'Which services send spans of errors?',
      description:
        'Spans with status Error, per second. They are errors of the channels, not of the pipeline.',
      unit: 'ops',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
      nothing: 'No span was stored in this range',
    },
    {
      query: 'services',
      view: 'table',
      title: 'Who reports, for how many channels?',
      description:
        'States that were stored in the range, by service and end. A busy event loop reports late.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 8,
      nothing: 'No end reported in this range',
      columns: {
        who: { title: 'end' },
        last_at: { title: 'last state' },
        loop_lag: {
          title: 'event loop lag p99',
          unit: 's',
          thresholds: ['green', [0.2, 'yellow'], [1, 'red']],
        },
      },
    },
    {
      query: 'dead_letters',
      view: 'table',
      title: 'What could not be decoded, and why?',
      description: 'By reason, with an example of what was wrong.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 8,
      columns: { example: { wrap: true }, bytes: { unit: 'bytes' } },
    },
  ];
}

function cost(): PanelSpec[] {
  return [
    {
      query: 'tables',
      view: 'table',
      title: 'How much does each table hold?',
      description: 'Active parts, all days. Retention drops whole days.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 10,
      columns: {
        rows: { unit: 'short' },
        on_disk: { unit: 'bytes' },
        uncompressed: { unit: 'bytes' },
        bytes_a_row: { unit: 'bytes' },
        parts: { thresholds: ['text', [300, 'yellow'], [1000, 'red']] },
      },
    },
    {
      query: 'days',
      view: 'table',
      title: 'How much does a day cost?',
      description: 'Rows and bytes on disk of all tables, by day of insertion.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 10,
      height: 10,
      columns: { rows: { unit: 'short' }, on_disk: { unit: 'bytes' } },
    },
  ];
}

function verdicts(): PanelSpec[] {
  return [
    {
      query: 'verdicts',
      view: 'table',
      title: 'How long from the instant judged to the record of it?',
      description: "By rule: the lag of ingestion, the exporters' delay and the evaluation itself.",
      unit: 's',
      thresholds: NEUTRAL,
      width: 10,
      height: 7,
      nothing: 'No incident changed in this range',
      columns: {
        transitions: { unit: 'none' },
        p50: { unit: 's' },
        p99: { unit: 's', thresholds: ['green', [30, 'yellow'], [120, 'red']] },
      },
    },
    {
      query: 'notifications',
      view: 'table',
      title: 'Are notifications delivered?',
      description:
        'Attempts of the range, by receiver. failed is tried again until delivered, refused is not.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 7,
      nothing: 'Nobody was told anything in this range',
      columns: {
        failed: { thresholds: ['text', [1, 'orange']] },
        refused: { thresholds: ['text', [1, 'red']] },
        attempts_max: { title: 'most attempts' },
        last_answer: { wrap: true },
      },
    },
  ];
}
