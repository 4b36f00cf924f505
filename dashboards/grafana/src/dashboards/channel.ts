import { toIncident, toTrace } from '../links.js';
import { NEUTRAL, type DashboardSpec, type PanelSpec } from '../specs.js';
import {
  CLAIM_WORDS,
  DIRECTION_WORDS,
  ENDS_WORDS,
  OUTCOME_WORDS,
  SEVERITY_WORDS,
  STATE_WORDS,
  STATUS_WORDS,
  VERDICT_WORDS,
} from '../words.js';

/** Both ends of one channel side by side: what each claims, and what is seen. */
export const channel: DashboardSpec = {
  name: 'channel',
  title: 'Halfopen: Channel',
  description:
    'One channel, both ends side by side: what each end claims, what its counters show, and where frames died.',
  variables: [
    { kind: 'query', name: 'channel', label: 'Channel', description: 'channel.id; the worst first' },
    {
      kind: 'choice',
      name: 'direction',
      label: 'Direction',
      description: "the frames' own way, where frames are shown",
      choices: ['to_agent', 'to_server'],
    },
  ],
  rows: [
    { title: 'Which direction works?', panels: answer() },
    { title: 'What does each end claim, and what is seen?', panels: claims() },
    { title: 'Where do frames stop?', panels: frames() },
    { title: 'How quick is each stage?', panels: latencies() },
    { title: 'How did its connections go?', panels: connections() },
  ],
};

function answer(): PanelSpec[] {
  return [
    {
      query: 'state',
      view: 'stat',
      title: 'What state is the channel in, and which direction works?',
      description:
        'As it stood at the end of the range. A direction fails where work that was due is not done, works where something has arrived lately, is quiet where nothing was due, unseen where nobody can tell.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 4,
      nothing: 'No end, attempt or inventory tells of this channel',
      columns: {
        state: { words: STATE_WORDS },
        to_agent: { words: DIRECTION_WORDS },
        to_server: { words: DIRECTION_WORDS },
      },
    },
    {
      query: 'summary',
      view: 'table',
      title: 'What is missing, and since when?',
      description:
        'What is missing in words, the last frame that is known to have arrived each way, the age of the last heartbeat, and what the channel belongs to.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 4,
      columns: {
        why: { title: 'missing', wrap: true, width: 240 },
        last_to_agent_at: { title: 'last frame to agent' },
        last_to_server_at: { title: 'last frame to server' },
        heartbeat_age: { unit: 's', thresholds: ['green', [75, 'yellow'], [120, 'red']] },
        queue: { thresholds: ['text', [10, 'yellow'], [100, 'red']] },
        silent_end: { words: ENDS_WORDS },
        connected_at: { title: 'open since' },
      },
    },
    {
      query: 'incidents',
      view: 'table',
      title: 'Which incidents concern this channel?',
      description: 'Those firing at the end of the range, and those that changed within it.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 24,
      height: 5,
      nothing: 'None in this range',
      columns: {
        status: { words: STATUS_WORDS, width: 90 },
        severity: { words: SEVERITY_WORDS, width: 90 },
        rule: { width: 170 },
        summary: { wrap: true },
        started_at: { title: 'since' },
        incident: { title: 'more', links: [toIncident()] },
      },
    },
  ];
}

function claims(): PanelSpec[] {
  return [
    {
      query: 'claims',
      view: 'table',
      title: 'Do the claims of each end agree with what it counted?',
      description:
        'A claim that its own counters contradict is how a half-open channel looks. unseen: the end does not count it, or nothing was due.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 14,
      height: 11,
      nothing: 'No end has spoken in the quarter of an hour before the end of this range',
      columns: { verdict: { words: VERDICT_WORDS, width: 110 }, who: { title: 'end', width: 80 } },
    },
    {
      query: 'claims_timeline',
      view: 'timeline',
      title: 'What did each end claim, and when did it change?',
      description: "Each end's own word, the worst of it. A gap is silence: the end said nothing.",
      unit: 'none',
      thresholds: NEUTRAL,
      width: 10,
      height: 6,
      columns: { agent: { words: CLAIM_WORDS }, server: { words: CLAIM_WORDS } },
    },
    {
      query: 'queue',
      view: 'lines',
      title: 'How long has the oldest unwritten frame waited?',
      description: 'At each end. Above 20 s its writes stall.',
      unit: 's',
      thresholds: ['green', [20, 'red']],
      width: 10,
      height: 5,
    },
  ];
}

function frames(): PanelSpec[] {
  return [
    {
      query: 'commands',
      view: 'lines',
      title: 'Where do commands stop?',
      description:
        'Counters of the present connection, exact whatever is sampled. Four lines that lie on each other are a working channel; the pair between which a gap opens is where commands stop.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
    },
    {
      query: 'to_server',
      view: 'lines',
      title: 'Does what the agent writes reach the server?',
      description:
        'Counters of the present connection, all frames and heartbeats. A gap that opens is loss, or a reader that has stopped.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
    },
    {
      query: 'heartbeats',
      view: 'lines',
      title: 'Do heartbeats come, and do they arrive?',
      description:
        'Heartbeats counted since the report before, as written by the agent and as received by the server.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
      nothing: 'No end counts heartbeats in this range',
    },
    {
      query: 'dead_frames',
      view: 'table',
      title: 'Which frames died, and where?',
      description:
        'Frames older than half a minute that got no further. Commands are done when executed or acknowledged, others when received. The trace shows the stages that were seen.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 16,
      height: 10,
      nothing: 'Every frame of this range arrived and was done',
      columns: {
        began_at: { title: 'began' },
        died: { title: 'where it died', colour: 'red', wrap: true },
        trace: { links: [toTrace()] },
      },
    },
    {
      query: 'hung',
      view: 'table',
      title: 'Which work began and did not end?',
      description:
        'Stages reported as begun and not ended, again and again as they age. The last report is when it was still hanging.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 8,
      height: 10,
      nothing: 'Nothing was reported as hanging in this range',
      columns: {
        who: { title: 'end' },
        hanging_for: { unit: 's', thresholds: ['text', [10, 'yellow'], [60, 'red']] },
      },
    },
  ];
}

function latencies(): PanelSpec[] {
  return [
    {
      query: 'stages',
      view: 'lines',
      title: 'How long do 99 of 100 frames take in each stage?',
      description: 'From the spans of frames, at the end where the stage takes place.',
      unit: 's',
      thresholds: ['green', [1, 'yellow'], [10, 'red']],
      width: 12,
      height: 9,
      nothing: 'No frame was seen in this range: ends may send states only',
    },
    {
      query: 'stage_counts',
      view: 'table',
      title: 'How many frames passed each stage, and how quickly?',
      description:
        'Spans of frames: done, failed, and hung (begun and not ended). Where spans are sampled the counters above are the ones to trust.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 9,
      nothing: 'No frame was seen in this range: ends may send states only',
      columns: {
        who: { title: 'end' },
        failed: { thresholds: ['text', [1, 'red']] },
        hung: { thresholds: ['text', [1, 'red']] },
        p50: { unit: 's' },
        p99: { unit: 's', thresholds: ['green', [1, 'yellow'], [10, 'red']] },
      },
    },
  ];
}

function connections(): PanelSpec[] {
  return [
    {
      query: 'connections',
      view: 'table',
      title: 'How did its connections begin and end?',
      description:
        'Attempts, openings and closes, and who reported them. Closes at the same lifetime again and again are a limit on the way.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 24,
      height: 9,
      nothing: 'It neither connected nor closed in this range',
      columns: { event: { words: OUTCOME_WORDS }, lifetime: { unit: 's' }, reason: { wrap: true } },
    },
  ];
}
