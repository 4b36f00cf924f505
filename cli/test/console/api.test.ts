import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { ChannelAnswer, FleetAnswer, FrameAnswer, FramesAnswer } from '@halfopen/console';
import { halfopen, sample, temporaryFolder, up } from '../halfopen.js';

const TOKEN = 'correct-horse-battery-staple';

interface Ask {
  readonly base: string;
  readonly json: <T>(path: string) => Promise<T>;
  readonly status: (path: string, init?: RequestInit) => Promise<number>;
}

async function running(t: TestContext, recording?: string, ...args: string[]): Promise<Ask> {
  const data = await temporaryFolder(t);
  if (recording !== undefined) await halfopen('import', sample(recording), '--data', data);
  const { apiUrl: base } = await up(data, ...args);
  return {
    base,
    json: async <T>(path: string) => {
      const response = await fetch(base + path);
      const text = await response.text();
      assert.equal(response.status, 200, `${path}: ${text}`);
      return JSON.parse(text) as T;
    },
    status: async (path, init) => (await fetch(base + path, init)).status,
  };
}

test('a recording: the fleet as it ended, a channel’s claims against facts, its frames', async (t) => {
  const { json, base, status } = await running(t, 'handler-dead-both-ends');
  const fleet = await json<FleetAnswer>('/api/v1/fleet');
  assert.equal(fleet.live, false);
  assert.equal(new Date(fleet.at_ms).toISOString(), '2026-10-01T12:12:00.000Z');
  const broken = fleet.channels.filter(({ state }) => state !== 'up');
  assert.deepEqual(
    broken.map(({ id, state, to_agent, to_server }) => [id, state, to_agent, to_server]),
    [['agent-3', 'asymmetric', 'fails', 'works']],
  );
  const before = await json<FleetAnswer>('/api/v1/fleet?at=2026-10-01T12:02:00Z');
  assert.deepEqual(
    before.channels.filter(({ state }) => state !== 'up'),
    [],
  );

  const range = 'from=2026-10-01T12:00:00Z&to=2026-10-01T12:12:00Z';
  const channel = await json<ChannelAnswer>(`/api/v1/channels/agent-3?${range}`);
  const handler = channel.claims.find(({ end, claim }) => end === 'agent' && claim === 'handler');
  assert.deepEqual([handler?.claimed, handler?.seen], [false, false]);
  assert.match(handler?.evidence ?? '', /^\d+ received and not executed$/);
  const { series } = channel.counters;
  const last = (name: string) => series[name]?.at(-1) ?? 0;
  assert.ok(last('agent rx_commands') > last('agent executed'), 'the lines part');
  const apart = last('server tx_commands') - last('agent rx_commands');
  assert.ok(Math.abs(apart) <= 1, `each end told its last state at its own moment: ${apart} apart`);
  assert.equal(channel.connections.length, 1);

  const pages: FramesAnswer[] = [];
  let after = '';
  do {
    const page = await json<FramesAnswer>(
      `/api/v1/channels/agent-3/frames?${range}&kind=command&limit=10${after}`,
    );
    pages.push(page);
    after = page.next === null ? '' : `&after=${encodeURIComponent(page.next)}`;
  } while (after !== '');
  const ids = pages.flatMap(({ frames }) => frames.map(({ frame_id }) => frame_id));
  assert.equal(ids.length, 41);
  assert.equal(new Set(ids).size, 41, 'no page repeats a frame');
  assert.equal(pages[0]?.kinds.find(({ kind }) => kind === 'command')?.frames, 41);
  assert.equal(
    pages[0].overview.dead.reduce((sum, one) => sum + one, 0),
    30,
  );

  const [frame] = pages[0].frames;
  const question = new URLSearchParams({
    connection: frame?.connection_id ?? '',
    direction: 'to_agent',
    frame: frame?.frame_id ?? '',
  });
  const { spans } = await json<FrameAnswer>(`/api/v1/channels/agent-3/frame?${question.toString()}`);
  assert.deepEqual(
    spans
      .filter(({ own }) => own)
      .map(({ name }) => name)
      .sort(),
    ['frame.ack', 'frame.ack', 'frame.enqueue', 'frame.execute', 'frame.receive', 'frame.socket_write'],
  );
  assert.equal(spans[0]?.attributes['channel.id'], 'agent-3');

  await examplesRun(base);
  await hostile({ json, base, status });
});

/** Every example of the SQL page, as the page asks it. */
async function examplesRun(base: string): Promise<void> {
  const { EXAMPLES } = await import('@halfopen/console');
  assert.ok(EXAMPLES.length >= 12);
  for (const { title, sql } of EXAMPLES) {
    const response = await fetch(`${base}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: sql, format: 'JSONCompactStringsEachRowWithNamesAndTypes' }),
    });
    assert.equal(response.status, 200, `${title}: ${await response.clone().text()}`);
    assert.ok((await response.text()).split('\n').length >= 2, title);
  }
}

async function hostile({ json, status, base }: Ask): Promise<void> {
  const range = 'from=2026-10-01T12:00:00Z&to=2026-10-01T12:12:00Z';
  const refused = [
    '/api/v1/fleet?at=yesterday',
    '/api/v1/fleet?at=999999999999999',
    '/api/v1/fleet?at=-1',
    '/api/v1/fleet?by=me',
    '/api/v1/channels/agent-3?from=2026-10-01T12:12:00Z&to=2026-10-01T12:00:00Z',
    '/api/v1/channels/agent-3?from=2020-01-01T00:00:00Z&to=2026-10-01T12:00:00Z',
    '/api/v1/channels/agent-3/frames',
    '/api/v1/channels/agent-3/frames?from=2026-09-01T12:00:00Z&to=2026-10-01T12:00:00Z',
    `/api/v1/channels/agent-3/frames?${range}&limit=501`,
    `/api/v1/channels/agent-3/frames?${range}&limit=-1`,
    `/api/v1/channels/agent-3/frames?${range}&limit=1e9`,
    `/api/v1/channels/agent-3/frames?${range}${'&kind=x'.repeat(50)}`,
    '/api/v1/channels/agent-3/frame?connection=c&direction=sideways&frame=f',
  ];
  for (const path of refused) assert.equal(await status(path), 400, path);
  const odd = encodeURIComponent('a\'\\\u0001\u{1F600}--/*{id:String}*/ \n`"');
  assert.equal((await json<ChannelAnswer>(`/api/v1/channels/${odd}`)).stored, null);
  const frames = await json<FramesAnswer>(`/api/v1/channels/${odd}/frames?${range}&kind=${odd}&after=${odd}`);
  assert.deepEqual([frames.frames, frames.next], [[], null]);
  assert.deepEqual(
    await json(`/api/v1/channels/${odd}/frame?connection=${odd}&direction=to_agent&frame=${odd}`),
    { spans: [], truncated: false },
  );
  const long = 'x'.repeat(4000);
  assert.equal((await json<ChannelAnswer>(`/api/v1/channels/${long}`)).stored, null);
  for (const path of [
    '/assets/../index.html',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2fbuilt.json',
    '/assets/none.js',
  ])
    assert.ok([400, 403, 404].includes((await fetch(base + path)).status), path);
}

test('pages hold no data, run nothing but their own files, and are for everybody', async (t) => {
  const { base } = await running(t);
  for (const path of [
    '/',
    '/channels/agent%2F3?from=1',
    '/incidents',
    '/incidents/x',
    '/silences',
    '/sql?q=SELECT+1',
  ]) {
    const response = await fetch(base + path, {
      headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
    });
    const text = await response.text();
    assert.equal(response.status, 200, path);
    assert.match(
      response.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.doesNotMatch(
      text,
      /<script(?![^>]* src=)|<style|style=|https?:\/\/(?!www\.w3\.org)/,
      'nothing inline, nothing from elsewhere',
    );
    const [, script = ''] = /src="(\/assets\/[^"]+)"/.exec(text) ?? [];
    const asset = await fetch(base + script);
    assert.equal(asset.status, 200, script);
    assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.match(asset.headers.get('content-encoding') ?? '', /^(br|gzip)$/);
  }
});

test('what comes from another site is refused, whatever it asks', async (t) => {
  const { status, base } = await running(t);
  const post = (headers: Record<string, string>) =>
    status('/api/v1/silences', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        matchers: { channel: 'a' },
        until: new Date(Date.now() + 60_000).toISOString(),
        reason: 'r',
        by: 'b',
      }),
    });
  assert.equal(await post({ origin: 'https://elsewhere.example' }), 403);
  assert.equal(await post({ origin: 'null' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }), 403);
  assert.equal(await status('/api/v1/fleet', { headers: { 'sec-fetch-site': 'cross-site' } }), 403);
  assert.equal(await post({ origin: base, 'sec-fetch-site': 'same-origin' }), 201);
  const rebound = get(`${base}/`, { headers: { host: 'halfopen.evil.example' } });
  const [answer] = (await once(rebound, 'response')) as [IncomingMessage];
  assert.equal(answer.resume().statusCode, 403);
});

test('a browser signs in with the token and holds a session; guessing is bounded', async (t) => {
  const data = await temporaryFolder(t);
  const config = join(data, 'token.yaml');
  await writeFile(config, `token: ${TOKEN}\n`);
  const { apiUrl: base } = await up(data, '--config', config);
  const signIn = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${base}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: base, ...headers },
      body: JSON.stringify(body),
    });
  assert.deepEqual(await (await fetch(`${base}/api/v1/session`)).json(), {
    token_required: true,
    signed_in: false,
  });
  for (const path of [
    '/api/v1/fleet',
    '/api/v1/events',
    '/api/v1/console',
    '/api/v1/channels/a',
    '/api/v1/silences',
  ])
    assert.equal((await fetch(base + path)).status, 401, path);
  assert.equal((await signIn({ token: 'wrong' })).status, 401);
  assert.equal((await signIn({ token: 7 })).status, 400);
  assert.equal((await signIn({ token: 'x'.repeat(20_000) })).status, 413);
  const answer = await signIn({ token: TOKEN });
  const set = answer.headers.get('set-cookie') ?? '';
  assert.match(set, /^halfopen_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  assert.match(
    (await signIn({ token: TOKEN }, { origin: base.replace('http', 'https') })).headers.get('set-cookie') ??
      '',
    /; Secure$/,
  );
  const [cookie = ''] = set.split(';');
  assert.equal((await fetch(`${base}/api/v1/fleet`, { headers: { cookie } })).status, 200);
  const change = (headers: Record<string, string>) =>
    fetch(`${base}/api/v1/silences/none`, { method: 'DELETE', headers: { cookie, ...headers } });
  assert.equal((await change({})).status, 403, 'a cookie alone changes nothing');
  assert.equal((await change({ origin: base })).status, 404);
  assert.equal(
    (await fetch(`${base}/api/v1/session`, { method: 'DELETE', headers: { cookie, origin: base } })).status,
    200,
  );
  assert.equal((await fetch(`${base}/api/v1/fleet`, { headers: { cookie } })).status, 401, 'signed out');

  const kept = ((await signIn({ token: TOKEN })).headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const statuses: number[] = [];
  for (let guess = 0; guess < 40; guess++) statuses.push((await signIn({ token: `guess ${guess}` })).status);
  assert.equal(statuses.at(0), 401);
  assert.equal(statuses.at(-1), 429);
  assert.equal((await signIn({ token: TOKEN })).status, 429, 'not even the right one is compared');
  assert.equal(
    (await fetch(`${base}/api/v1/fleet`, { headers: { authorization: 'Bearer guess' } })).status,
    429,
  );
  assert.equal(
    (await fetch(`${base}/api/v1/fleet`, { headers: { cookie: kept } })).status,
    200,
    'who is in stays in',
  );
});

test('where an end tells nothing of frames, what it got is unseen, not lost', async (t) => {
  const { json } = await running(t, 'asymmetric-server-only');
  const range = 'from=2026-10-01T12:00:00Z&to=2026-10-01T12:12:00Z';
  const { heard_us, frames } = await json<FramesAnswer>(`/api/v1/channels/agent-7/frames?${range}&limit=500`);
  assert.deepEqual(Object.keys(heard_us), ['server']);
  assert.ok(frames.length > 20);
});
