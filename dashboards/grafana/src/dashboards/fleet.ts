import { toChannel, toConsoleIncident, toIncident } from '../links.js';
import { NEUTRAL, type Addresses, type ColumnSpec, type DashboardSpec } from '../specs.js';
import { DIRECTION_WORDS, ENDS_WORDS, SEVERITY_WORDS, STATE_WORDS } from '../words.js';

const CHANNEL: ColumnSpec = { links: [toChannel()] };
const STATE: ColumnSpec = { words: STATE_WORDS };
const DIRECTION: ColumnSpec = { words: DIRECTION_WORDS };

/** A group in which a tenth is broken has something in common. */
const BROKEN: ColumnSpec = {
  unit: 'percentunit',
  thresholds: ['green', [0.001, 'yellow'], [0.1, 'red']],
};
/** Any at all is worth a look. */
const SOME_RED: ColumnSpec = { thresholds: ['text', [1, 'red']] };

/** What is broken? Row one says it, the rows below say where and since when. */
export function fleet({ publicUrl }: Addresses): DashboardSpec {
  return {
    name: 'fleet',
    title: 'Halfopen: Fleet',
    description:
      'What is broken now, and what the broken channels share. Shown as it stood at the end of the range.',
    variables: [
      {
        kind: 'query',
        name: 'site',
        label: 'Site',
        description: 'channel.site of the channels shown',
        several: true,
      },
      {
        kind: 'query',
        name: 'agent_version',
        label: 'Agent version',
        description: 'channel.agent.version of the channels shown',
        several: true,
      },
    ],
    rows: [answer(publicUrl), RIGHT_NOW, SHARED, HISTORY],
  };
}

function answer(publicUrl: string): DashboardSpec['rows'][number] {
  return {
    title: 'What is broken?',
    panels: [
      {
        query: 'states',
        view: 'stat',
        title: 'How many channels are in each state?',
        description:
          'asymmetric: one direction works and the other does not get its work done. stalled: a direction fails, and the other does not demonstrably work. down: no open connection. silent: open by its last word, and no end has spoken since. up: nothing that was due is missing.',
        unit: 'none',
        thresholds: ['green'],
        width: 24,
        height: 4,
        columns: {
          asymmetric: { thresholds: ['green', [1, 'red']] },
          stalled: { thresholds: ['green', [1, 'red']] },
          down: { thresholds: ['green', [1, 'orange']] },
          silent: { thresholds: ['green', [1, 'purple']] },
          up: { thresholds: ['text', [1, 'green']] },
        },
      },
      {
        query: 'firing_incidents',
        view: 'table',
        title: 'Which incidents are firing?',
        description:
          'Each as a sentence: what is broken, since when, the likeliest cause. The worst first. The id opens all that is known of it.',
        unit: 'none',
        thresholds: NEUTRAL,
        width: 12,
        height: 9,
        nothing: 'No incident was firing at the end of this range',
        columns: {
          severity: { words: SEVERITY_WORDS, width: 90 },
          rule: { width: 170 },
          summary: { wrap: true },
          channel: CHANNEL,
          started_at: { title: 'since' },
          incident: { title: 'more', links: [toIncident(), toConsoleIncident(publicUrl)] },
        },
      },
      {
        query: 'one_way',
        view: 'table',
        title: 'Which channels work one way only, or not at all?',
        description:
          'Open channels in which a direction fails: which one, and what is missing there. A word here is what the counters show at this instant; an incident is what a rule has made sure of.',
        unit: 'none',
        thresholds: NEUTRAL,
        width: 12,
        height: 9,
        nothing: 'No open channel lacks anything that was due',
        columns: {
          channel: CHANNEL,
          state: STATE,
          to_agent: DIRECTION,
          to_server: DIRECTION,
          why: { wrap: true, width: 260 },
          last_to_agent_at: { title: 'last frame to agent' },
          last_to_server_at: { title: 'last frame to server' },
        },
      },
    ],
  };
}

const RIGHT_NOW: DashboardSpec['rows'][number] = {
  title: 'Channel by channel',
  panels: [
    {
      query: 'channels',
      view: 'table',
      title: 'How does each channel do?',
      description: 'The worst first. The name of a channel opens both of its ends, over the same range.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 24,
      height: 12,
      nothing: 'Nothing has reported a channel in the quarter of an hour before the end of this range',
      columns: {
        channel: CHANNEL,
        state: STATE,
        to_agent: DIRECTION,
        to_server: DIRECTION,
        last_to_agent_at: { title: 'last frame to agent' },
        last_to_server_at: { title: 'last frame to server' },
        queue: { unit: 'none', thresholds: ['text', [10, 'yellow'], [100, 'red']] },
        heartbeat_age: { unit: 's', thresholds: ['green', [75, 'yellow'], [120, 'red']] },
        silent_end: { words: ENDS_WORDS },
      },
    },
    {
      query: 'silent_ends',
      view: 'table',
      title: 'Which ends have spoken before, and no longer do?',
      description:
        'An end whose telemetry has stopped says nothing about the channel: it may work. What it last said is how old its evidence is.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 24,
      height: 7,
      nothing: 'Every end that has spoken still speaks',
      columns: {
        channel: CHANNEL,
        silent_end: { words: ENDS_WORDS },
        state: STATE,
        server_seen_at: { title: 'last word of the server' },
        agent_seen_at: { title: 'last word of the agent' },
      },
    },
  ],
};

const COUNTS: Readonly<Record<string, ColumnSpec>> = {
  broken: BROKEN,
  asymmetric: SOME_RED,
  stalled: SOME_RED,
  down: SOME_RED,
  silent: SOME_RED,
};

const SHARED: DashboardSpec['rows'][number] = {
  title: 'What do they share?',
  panels: [
    {
      query: 'by_site',
      view: 'table',
      title: 'Do the broken channels share a site?',
      description:
        'Channels of each site that are in any state but up. One site far above the others is the place to look at.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 8,
      columns: COUNTS,
    },
    {
      query: 'by_version',
      view: 'table',
      title: 'Do the broken channels share an agent version?',
      description:
        'Channels of each agent version that are in any state but up. One version far above the others is a bad release.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 12,
      height: 8,
      columns: COUNTS,
    },
  ],
};

const HISTORY: DashboardSpec['rows'][number] = {
  title: 'How did it come there?',
  panels: [
    {
      query: 'claimed_open',
      view: 'lines',
      title: 'How many channels does each side claim to be open?',
      description:
        'By the word of the ends themselves. Where the lines part, one side believes in connections that the other has not.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
    },
    {
      query: 'commands_by_stage',
      view: 'lines',
      title: 'How many commands reach each stage?',
      description:
        'Per second. Commands that are enqueued and not written, written and not received, or received and not executed part the lines.',
      unit: 'ops',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
      nothing: 'No command was seen in this range',
    },
    {
      query: 'connection_events',
      view: 'bars',
      title: 'How often do connections open, close and fail?',
      description:
        'Closes are counted once per connection, attempts where they were made. A wave of closes is a deploy, a middlebox or a crash.',
      unit: 'none',
      thresholds: NEUTRAL,
      width: 8,
      height: 9,
      nothing: 'No connection opened, closed or failed in this range',
      columns: {
        opened: { colour: 'green' },
        closed: { colour: 'orange' },
      },
    },
  ],
};
