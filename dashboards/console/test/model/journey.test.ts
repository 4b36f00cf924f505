import assert from 'node:assert/strict';
import test from 'node:test';
import { journeysOf, type Fate } from '../../src/model/journey.js';
import { answerOf, BEGAN_US, command, frame, report } from '../frames.js';
import type { FramesAnswer, StageReport } from '../../src/contract.js';

const written = [report('server', 'enqueue', 0, 1), report('server', 'socket_write', 1, 2)];
const received = [...written, report('agent', 'receive', 20, 21)];

/** What is said of one command with these stages, beside a command that went well. */
function fateOf(stages: readonly StageReport[], heard?: FramesAnswer['heard_us']): Fate | undefined {
  const frames = [command('well', 0), frame('to_agent', 'command', 'asked', stages)];
  return journeysOf(answerOf(frames, heard)).find((one) => one.frame.frame_id === 'asked')?.fate;
}

test('a frame is told where it died', () => {
  const cases: readonly (readonly [Fate, readonly StageReport[]])[] = [
    ['done', command('x', 0).stages],
    ['stalled', [report('server', 'enqueue', 0, 1)]],
    ['stalled', [report('server', 'enqueue', 0, 1), report('server', 'socket_write', 1, 40_000, 'pending')]],
    ['stalled', [report('server', 'enqueue', 0, 1), report('server', 'socket_write', 1, 5_000, 'timeout')]],
    ['lost', written],
    ['lost', [...written, report('relay', 'receive', 10, 10)]],
    ['dropped', [...written, report('agent', 'receive', 20, 21, 'dropped', 'unrouted')]],
    ['unexecuted', received],
    ['hung', [...received, report('agent', 'execute', 21, 20_021, 'pending')]],
    ['failed', [...received, report('agent', 'execute', 21, 30, 'error')]],
    ['unacked', [...received, report('agent', 'execute', 21, 30)]],
  ];
  for (const [fate, stages] of cases) assert.equal(fateOf(stages), fate, JSON.stringify(stages.at(-1)));
});

test('missing telemetry is no evidence of a missing frame', () => {
  const server = { server: BEGAN_US + 60_000_000 };
  assert.equal(fateOf(written, server), 'unseen', 'the far end tells nothing at all');
  assert.equal(
    fateOf(written, { ...server, agent: BEGAN_US + 5_000_000 }),
    'flying',
    'it fell silent at once',
  );
  assert.equal(fateOf(written, { ...server, agent: BEGAN_US + 20_000_000 }), 'lost', 'it went on telling');
});

test('what is due is what others of the kind went through', () => {
  const beat = (id: string, executed: boolean) =>
    frame('to_server', 'heartbeat', id, [
      report('agent', 'socket_write', 0, 1),
      report('server', 'receive', 10, 11),
      ...(executed ? [report('server', 'execute', 11, 12)] : []),
    ]);
  const fates = (frames: Parameters<typeof answerOf>[0]) =>
    journeysOf(answerOf(frames)).map(({ fate }) => fate);
  assert.deepEqual(fates([beat('a', false)]), ['done'], 'nothing of the kind is ever executed here');
  assert.deepEqual(fates([beat('a', false), beat('b', true)]), ['unexecuted', 'done']);
});

test('moments of the agent are told by the clock of the server', () => {
  const [corrected] = journeysOf(answerOf([command('x', 0)], undefined, 30_000_000));
  assert.equal(corrected?.received_us, BEGAN_US + 21_000 - 30_000_000);
  assert.equal(corrected.written_us, BEGAN_US + 2_000);
});
