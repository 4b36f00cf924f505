import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';
import test from 'node:test';
import { Secret } from '../src/index.js';
import { scrub } from '../src/secret.js';

test('a secret shows itself to nobody who does not ask for it', () => {
  const secret = new Secret('correct-horse');
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ deep: [{ secret }] }, { depth: 9, showHidden: true }),
    format('%s %o %j', secret, secret, secret),
    Object.values(secret).join(),
    new Error(`failed with ${secret.toString()}`).message,
  ];
  for (const text of shown) assert.ok(!text.includes('correct-horse'), text);
  assert.equal(secret.reveal(), 'correct-horse');
});

test('a text is rid of secrets, however they are written in it', () => {
  const secret = new Secret('a"b/c d');
  const text = `${secret.reveal()} ${JSON.stringify(secret.reveal())} ${encodeURIComponent(secret.reveal())}`;
  assert.equal(scrub(text, [secret]), '(secret) "(secret)" (secret)');
  assert.equal(scrub('nothing', [new Secret('')]), 'nothing');
});
