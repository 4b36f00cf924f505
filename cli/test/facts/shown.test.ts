import assert from 'node:assert/strict';
import test from 'node:test';
import { explain } from '@halfopen/rules';
import { sample } from '../halfopen.js';
import { misstated } from './shown.js';
import { opened } from './stored.js';

test('a fact that is not what its rows show is found: another number, time, word or query', async (t) => {
  const { store, people, load } = await opened(t);
  await load(sample('handler-dead-both-ends'));
  const { facts } = await explain(store, 'agent-3', Date.parse('2026-10-01T12:06:00Z'));
  for (const fact of facts) {
    assert.equal(await misstated(people, fact), undefined);
    const numbers = [...fact.statement.matchAll(/\d+/g)];
    for (const { 0: number, index } of numbers) {
      const statement = `${fact.statement.slice(0, index)}${String(Number(number) + 1).padStart(number.length, '0')}${fact.statement.slice(index + number.length)}`;
      assert.match((await misstated(people, { ...fact, statement }))?.[0] ?? '', /states \[/, statement);
    }
    const more = { ...fact, statement: `${fact.statement}, 7 times` };
    assert.match((await misstated(people, more))?.[0] ?? '', /states \[/);
  }

  const fact = facts.find(({ id }) => id === 'agent-handler-dead');
  assert.ok(fact?.observed === true);
  const wrong = async (change: Partial<typeof fact>) =>
    (await misstated(people, { ...fact, ...change }))?.[0] ?? '';
  assert.match(await wrong({ observed: false, statement: 'it runs' }), /do not bear it out/);
  assert.match(await wrong({ id: 'a-new-probe' }), /readings\.ts needs an entry/);
  assert.match(
    await wrong({ sql: fact.sql.replace(', handler_alive_ms', '') }),
    /does not show handler_alive_ms/,
  );
  assert.match(await wrong({ sql: 'SELECT 1' }), /does not show/);
  assert.match(await wrong({ sql: 'DROP TABLE otel_traces' }), /not allowed/);
  assert.match(await wrong({ sql: "SELECT * FROM file('/etc/hostname')" }), /file/);
});
