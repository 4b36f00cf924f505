import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test from 'node:test';
import { pino } from 'pino';
import { json, post, protobuf, send, statusOf } from './client.js';
import { golden, goldenJson, run } from './running.js';

const bearerToken = 'a-secret-of-the-fleet';

test('with the token, and only with it, spans are taken', async (t) => {
  const { port, producer } = await run(t, { bearerToken });
  for (const authorization of [`Bearer ${bearerToken}`, `bearer  ${bearerToken}`]) {
    assert.equal((await post(port, { ...protobuf, authorization }, golden)).status, 200);
  }
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    bearerToken,
    `Basic ${bearerToken}`,
    `Bearer ${bearerToken}x`,
    'Bearer x',
  ];
  for (const authorization of wrong) {
    const answer = await post(port, { ...protobuf, authorization }, golden);
    assert.equal(answer.status, 401, authorization);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
    assert.match(statusOf(answer).message, /Authorization: Bearer <token>/);
    assert.equal(statusOf(answer).code, 16);
  }
  assert.equal((await post(port, json, goldenJson)).status, 401);
  assert.equal(producer.published.length, 2);
});

test('a stranger learns nothing of its request: the token comes first', async (t) => {
  const { port } = await run(t, { bearerToken, wireBytesMax: 10 });
  for (const headers of [
    { 'content-type': 'text/plain' },
    { ...protobuf, 'content-encoding': 'br' },
    protobuf,
  ]) {
    assert.equal((await post(port, headers, golden)).status, 401);
  }
});

test('health and metrics need no token', async (t) => {
  const { port } = await run(t, { bearerToken });
  for (const path of ['/healthz', '/readyz', '/metrics'])
    assert.equal((await send(port, 'GET', path)).status, 200);
});

test('no token, right or wrong, reaches a log, an answer or the metrics', async (t) => {
  let seen = '';
  const log = new Writable({
    write(chunk: Buffer, _encoding, done) {
      seen += chunk.toString();
      done();
    },
  });
  const logger = pino({ level: 'trace' }, log);
  const { port, producer } = await run(t, { bearerToken }, { logger });
  producer.outcome = () => Promise.reject(new Error('broken'));
  for (const token of [bearerToken, 'another-secret']) {
    const answer = await post(port, { ...protobuf, authorization: `Bearer ${token}` }, golden);
    seen += JSON.stringify(answer.headers) + answer.body.toString();
  }
  seen += (await send(port, 'GET', '/metrics')).body.toString();
  assert.match(seen, /"code":"unavailable"/);
  assert.match(seen, /"code":"no-valid-token"/);
  assert.doesNotMatch(seen, /secret/);
});
