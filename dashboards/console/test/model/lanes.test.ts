import assert from 'node:assert/strict';
import test from 'node:test';
import { journeysOf } from '../../src/model/journey.js';
import { lanesOf, PAUSE_PX, ROW_PX } from '../../src/model/lanes.js';
import { clockSkewUs } from '../../src/model/skew.js';
import { answerOf, command, frame, report } from '../frames.js';

const lanes = (...frames: Parameters<typeof answerOf>[0]) => lanesOf(journeysOf(answerOf(frames)));

test('a row a frame, oldest first, and a row for a long pause', () => {
  const { rows, height } = lanes(command('second', 20_000), command('first', 0), command('third', 20_500));
  assert.deepEqual(
    rows.map((row) => (row.type === 'pause' ? 'pause' : row.journey.frame.frame_id)),
    ['first', 'pause', 'second', 'third'],
  );
  assert.deepEqual(
    rows.map(({ y }) => y),
    [0, ROW_PX, ROW_PX + PAUSE_PX, 2 * ROW_PX + PAUSE_PX],
  );
  assert.equal(height, 3 * ROW_PX + PAUSE_PX);
});

test('time runs downwards: an arrow never rises, and lands where its moment is', () => {
  const slow = frame('to_agent', 'command', 'slow', [
    report('server', 'socket_write', 0, 1),
    report('agent', 'receive', 1_500, 1_500),
  ]);
  const { shapes } = lanes(slow, command('b', 1_000), command('c', 2_000));
  for (const { y1, y2 } of shapes) assert.ok(y2 > y1);
  const [first] = shapes;
  assert.ok(first !== undefined && first.y2 > ROW_PX && first.y2 < 3 * ROW_PX, String(first?.y2));
});

test('an arrow ends in the middle where the frame was lost, and never starts where its write stalls', () => {
  const lost = frame('to_agent', 'command', 'lost', [report('server', 'socket_write', 0, 1)]);
  const stalled = frame('to_agent', 'command', 'stalled', [report('server', 'enqueue', 100, 101)]);
  const { shapes } = lanes(command('well', -100), lost, stalled);
  assert.deepEqual(
    shapes.map(({ arrow, dead }) => [arrow, dead]),
    [
      ['whole', false],
      ['lost', true],
      ['stalled', true],
    ],
  );
});

test('a mark of hung work never closes, and one of work that ended does', () => {
  const hung = frame('to_agent', 'command', 'hung', [
    report('server', 'socket_write', 0, 1),
    report('agent', 'receive', 2, 3),
    report('agent', 'execute', 3, 20_003, 'pending'),
  ]);
  const { shapes } = lanes(command('well', -100), hung);
  assert.notEqual(shapes[0]?.execution?.to, null);
  assert.equal(shapes[1]?.execution?.to, null);
});

test('no frames make no lanes', () => {
  assert.deepEqual(lanes(), { rows: [], shapes: [], height: 0 });
});

test('clocks are held against each other by frames both ways', () => {
  const ahead_ms = 30_000;
  const there = (id: string, way_ms: number) =>
    frame('to_agent', 'ping', id, [
      report('server', 'socket_write', 0, 0),
      report('agent', 'receive', 0, way_ms + ahead_ms),
    ]);
  const back = (id: string, way_ms: number) =>
    frame('to_server', 'pong', id, [
      report('agent', 'socket_write', 0, ahead_ms),
      report('server', 'receive', 0, way_ms),
    ]);
  const frames = [
    there('a', 20),
    there('b', 90),
    there('c', 30),
    back('a', 20),
    back('b', 25),
    back('c', 400),
  ];
  assert.equal(clockSkewUs(frames), ahead_ms * 1000);
  assert.equal(clockSkewUs(frames.slice(0, 3)), null, 'one way tells nothing');
});
