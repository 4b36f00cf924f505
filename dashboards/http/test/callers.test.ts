import assert from 'node:assert/strict';
import test from 'node:test';
import type { Caller } from '../src/index.js';
import { ask, codeOf, served } from './served.js';

const TOKEN = 'a-token: with colons';

/** As the service's own: any user, the token for a password. */
function guard({ secret, origin }: Caller) {
  if (origin !== undefined) return 'foreign-origin';
  if (secret === undefined || secret === '') return 'secret-missing';
  return secret === TOKEN ? undefined : 'secret-wrong';
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

test('a password comes in any of the ways that clients have', async (t) => {
  const { url } = await served(t, { guard });
  const ways: readonly (readonly [query: string, headers: Record<string, string>])[] = [
    ['', { Authorization: basic('default', TOKEN) }],
    ['', { Authorization: basic('', TOKEN) }],
    ['', { Authorization: `Bearer ${TOKEN}` }],
    ['', { 'X-ClickHouse-User': 'anyone', 'X-ClickHouse-Key': TOKEN }],
    [`?user=default&password=${encodeURIComponent(TOKEN)}`, {}],
  ];
  for (const [query, headers] of ways) {
    const { status, text } = await ask(`${url}/${query}`, { body: 'SELECT 1', headers });
    assert.deepEqual([query, headers, status, text], [query, headers, 200, '1\n']);
  }
});

test('without it nothing runs', async (t) => {
  const { url } = await served(t, { guard });
  const none = await ask(url, { body: 'SELECT 1' });
  assert.deepEqual(
    [none.status, codeOf(none), none.headers['www-authenticate']],
    [401, 194, 'Basic realm="halfopen"'],
  );
  const wrong: readonly Record<string, string>[] = [
    { Authorization: basic('default', 'no') },
    { Authorization: `Bearer ${TOKEN}x` },
    { 'X-ClickHouse-Key': 'no', Authorization: basic('default', TOKEN) },
  ];
  for (const headers of wrong) {
    const answer = await ask(url, { body: 'SELECT 1', headers });
    assert.deepEqual([answer.status, codeOf(answer)], [403, 516]);
  }
  const unreadable = await ask(url, { body: 'SELECT 1', headers: { Authorization: 'Digest x' } });
  assert.equal(codeOf(unreadable), 194);
});

test('a page of somewhere else cannot ask', async (t) => {
  const { url } = await served(t, { guard });
  const headers = { Authorization: basic('default', TOKEN) };
  const script = await ask(url, {
    body: 'SELECT 1',
    headers: { ...headers, Origin: 'https://evil.example' },
  });
  assert.deepEqual([script.status, codeOf(script)], [403, 497]);
  const picture = await ask(`${url}/?query=SELECT+1`, {
    headers: { ...headers, 'Sec-Fetch-Site': 'cross-site' },
  });
  assert.deepEqual([picture.status, codeOf(picture)], [403, 497]);
});
