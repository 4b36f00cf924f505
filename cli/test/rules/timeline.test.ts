import assert from 'node:assert/strict';
import test from 'node:test';
import { parseEvent, TimelineError } from '../../src/rule-tests/timeline.js';

const FLEET = [0, 1, 2, 3].map((index) => ({
  id: `agent-${index}`,
  site: index % 2 === 0 ? 'lyon' : 'paris',
}));
const ALL = FLEET.map(({ id }) => id);

const READ: readonly (readonly [line: string, event: unknown])[] = [
  [
    '2m..4m agent-3 drops 50%',
    {
      kind: 'fault',
      plan: { name: 'frames-lost', atMs: 120_000, untilMs: 240_000, channels: ['agent-3'], fraction: 0.5 },
    },
  ],
  [
    '0s.. all skew 30s end=server',
    { kind: 'benign', plan: { name: 'clock-skew', atMs: 0, channels: ALL, forMs: 30_000, end: 'server' } },
  ],
  [
    '1m30s..1h site=lyon delay 5s',
    {
      kind: 'benign',
      plan: {
        name: 'slow-path',
        atMs: 90_000,
        untilMs: 3_600_000,
        channels: ['agent-0', 'agent-2'],
        forMs: 5000,
      },
    },
  ],
  [
    '10s.. agent-1,agent-2 dead-reader honest=true end=agent',
    {
      kind: 'fault',
      plan: {
        name: 'reader-dead',
        atMs: 10_000,
        channels: ['agent-1', 'agent-2'],
        honest: true,
        end: 'agent',
      },
    },
  ],
  [
    '10s.. all listener-down status=503',
    { kind: 'fault', plan: { name: 'listener-down', atMs: 10_000, channels: ALL, status: 503 } },
  ],
  [
    '2m..3m agent-0 no-data',
    {
      kind: 'benign',
      plan: { name: 'exporter-down', atMs: 120_000, untilMs: 180_000, channels: ['agent-0'] },
    },
  ],
  [
    '0s.. agent-0 frames-lost direction=to_server kind=heartbeat',
    {
      kind: 'fault',
      plan: {
        name: 'frames-lost',
        atMs: 0,
        channels: ['agent-0'],
        direction: 'to_server',
        kind: 'heartbeat',
      },
    },
  ],
];
for (const [line, event] of READ)
  test(`read as it is meant: ${line}`, () => {
    assert.deepEqual(parseEvent(line, FLEET), event);
  });

const WRONG: readonly (readonly [line: string, told: RegExp])[] = [
  ['agent-3 drops 50%', /expected FROM\.\.UNTIL WHOM WHAT, as in "2m\.\.4m agent-3 drops 50%"/],
  ['soon.. agent-3 drops', /expected a time since the start, such as 2m30s, got soon/],
  ['4m..2m agent-3 drops', /4m\.\.2m ends before it begins/],
  ['2m.. agent-9 drops', /no channel is called agent-9: there are agent-0 to agent-3, site=\.\.\., and all/],
  ['2m.. site=lyn drops', /no channel is at site=lyn; did you mean lyon\?/],
  ['2m.. agent-3 drop', /nothing is called drop; did you mean drops\?/],
  ['2m.. agent-3 drops 150%', /expected a share above 0% and up to 100%, got 150%/],
  ['2m.. agent-3 drops 30s', /frames-lost takes no 30s: it takes direction, kind, fraction, variant/],
  ['2m.. agent-3 drops variant=over', /frames-lost has no variant over; known are before, behind/],
  ['2m.. agent-3 drops direction=up', /direction is to_agent or to_server, not up/],
  ['2m.. all listener-down status=low', /expected an HTTP status, such as status=502, got low/],
  ['2m.. all idle 30s', /idle takes no 30s: it takes nothing/],
  ['2m.. agent-3 drops ???', /expected a share \(50%\), a length of time \(30s\) or key=value, got \?\?\?/],
];
for (const [line, told] of WRONG)
  test(`refused, with what would be right: ${line}`, () => {
    assert.throws(
      () => parseEvent(line, FLEET),
      (error: unknown) => {
        assert.ok(error instanceof TimelineError);
        assert.match(error.message, told);
        return true;
      },
    );
  });
