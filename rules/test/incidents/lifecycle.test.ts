import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  BEGIN_MS,
  NEVER_CONNECTED,
  NOBODY_LISTENS,
  playRule,
  RULE,
  STEP_MS,
  type Played,
  type Word,
  type Words,
} from './played.js';

/** One verdict a step for each channel; the transitions of every step. */
function play(...steps: Words[]): Played {
  return playRule(RULE, {}, steps);
}

const told = ({ transitions }: Played) => transitions.map(({ status, sequence }) => `${sequence} ${status}`);
const FIRES = { a: 'firing' } as const;

test('pending first, firing once the verdict has lasted, resolved when it is clear', () => {
  assert.deepEqual(told(play(FIRES, FIRES, FIRES, { a: 'clear' })), ['1 pending', '2 firing', '3 resolved']);
});

test('what passes before it has lasted never fires', () => {
  assert.deepEqual(told(play(FIRES, { a: 'clear' })), ['1 pending', '2 inactive']);
});

test('missing evidence holds an open incident, but not for ever', () => {
  const fired = [FIRES, FIRES, FIRES];
  const held = play(...fired, ...Array.from({ length: 6 }, () => ({ a: 'undetermined' as const })));
  assert.deepEqual(told(held), ['1 pending', '2 firing']);
  const over = play(...fired, ...Array.from({ length: 7 }, () => ({ a: 'undetermined' as const })));
  assert.deepEqual(told(over), ['1 pending', '2 firing', '3 resolved']);
});

test('missing evidence does not let what is pending fire', () => {
  const { transitions, open } = play(
    FIRES,
    ...Array.from({ length: 5 }, () => ({ a: 'undetermined' as const })),
  );
  assert.deepEqual(
    transitions.map(({ status }) => status),
    ['pending'],
  );
  assert.equal(open[0]?.status, 'pending');
});

test('what comes back after it was resolved is another incident under the same dedup key', () => {
  const { transitions } = play(FIRES, FIRES, FIRES, { a: 'clear' }, FIRES, FIRES, FIRES);
  assert.deepEqual(
    transitions.map(({ sequence, status }) => `${sequence} ${status}`),
    ['1 pending', '2 firing', '3 resolved', '1 pending', '2 firing'],
  );
  assert.equal(new Set(transitions.map(({ incident }) => incident.id)).size, 2);
  assert.equal(new Set(transitions.map(({ incident }) => incident.dedup_key)).size, 1);
});

test('a resolved incident says when, and keeps what it said when it was last seen', () => {
  const { transitions } = play(FIRES, FIRES, FIRES, { a: 'clear' });
  const [, fired, resolved] = transitions;
  assert.equal(fired?.incident.status, 'firing');
  assert.equal(fired.incident.fired_at, new Date(BEGIN_MS + 2 * STEP_MS).toISOString());
  assert.equal(fired.incident.started_at, new Date(BEGIN_MS).toISOString());
  assert.deepEqual(resolved?.incident, {
    ...fired.incident,
    status: 'resolved',
    resolved_at: new Date(BEGIN_MS + 3 * STEP_MS).toISOString(),
  });
});

test('channels that dial where nothing listens are one incident: they join it, and leave it one by one', () => {
  const { transitions, open } = playRule(NEVER_CONNECTED, NOBODY_LISTENS, [
    { a: 'firing', b: 'firing' },
    { a: 'firing', b: 'firing', c: 'firing' },
    { a: 'clear', b: 'firing', c: 'firing' },
    { a: 'clear', b: 'clear', c: 'undetermined' },
    { a: 'clear', b: 'clear', c: 'clear' },
  ]);
  assert.deepEqual(
    transitions.map(({ reason, incident }) => `${reason}: ${incident.channels.join()}`),
    ['fired: a,b', 'changed: a,b,c', 'changed: b,c', 'resolved: b,c'],
  );
  assert.equal(new Set(transitions.map(({ incident }) => incident.id)).size, 1);
  assert.deepEqual(transitions[0]?.incident.shared, {
    attribute: 'server.address',
    value: 'control.example:443',
  });
  assert.deepEqual(open, []);
});

test('a channel of one incident that is undetermined stays while another is clear and goes', () => {
  const { open } = playRule(NEVER_CONNECTED, NOBODY_LISTENS, [
    { a: 'firing', b: 'firing' },
    { a: 'undetermined', b: 'clear' },
  ]);
  assert.deepEqual(
    open.map(({ members }) => [...members.keys()]),
    [['a']],
  );
});

test('the same findings give the same bytes', () => {
  const once = play(FIRES, FIRES, FIRES, { a: 'clear' });
  const again = play(FIRES, FIRES, FIRES, { a: 'clear' });
  assert.equal(JSON.stringify(once.transitions), JSON.stringify(again.transitions));
});

test('whatever the verdicts: sequences without gaps, one open incident a channel, resolved once and only if it fired', () => {
  const word = fc.constantFrom<Word>('firing', 'clear', 'undetermined');
  fc.assert(
    fc.property(fc.array(fc.record({ a: word, b: word }), { maxLength: 40 }), (steps) => {
      const { transitions, open } = play(...steps);
      const ids = new Set(transitions.map(({ incident }) => incident.id));
      for (const id of ids) {
        const mine = transitions.filter(({ incident }) => incident.id === id);
        assert.deepEqual(
          mine.map(({ sequence }) => sequence),
          mine.map((_, index) => index + 1),
        );
        const statuses = mine.map(({ status }) => status);
        assert.ok(statuses.filter((status) => status === 'resolved').length <= 1);
        assert.equal(statuses.includes('resolved') && !statuses.includes('firing'), false);
        assert.equal(statuses.includes('inactive') && statuses.includes('firing'), false);
      }
      const members = open.flatMap((incident) => [...incident.members.keys()]);
      assert.equal(new Set(members).size, members.length);
    }),
  );
});
