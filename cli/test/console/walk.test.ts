import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder, up } from '../halfopen.js';
import { browser, inaccessible, watchedPage } from './browser.js';
import { liveFleet } from './live-fleet.js';

const TOKEN = 'correct-horse-battery-staple';
const MINUTE_MS = 60_000;

// One walk: each stop needs what the one before has left behind, and a fleet takes its time to fall ill.
test(
  'an SRE walks from the page to the cause, by keyboard, with a screen reader’s view of it',
  { timeout: 240_000 },
  async (t) => {
    const data = await temporaryFolder(t);
    const config = join(data, 'token.yaml');
    await writeFile(
      config,
      `token: ${TOKEN}\nlog: { level: warn }\nrules: { intervalMs: 1000, exporterDelayMs: 1000 }\n`,
    );
    const running = await up(data, '--config', config);
    const bearer = { authorization: `Bearer ${TOKEN}` };
    await liveFleet(t, running.collectorUrl, bearer, {
      seed: 5,
      channels: 12,
      behindMs: 7 * MINUTE_MS,
      aheadMs: 20 * MINUTE_MS,
      faults: [
        { name: 'handler-dead', atMs: 4 * MINUTE_MS, channels: ['agent-3'] },
        { name: 'frames-lost', atMs: 4 * MINUTE_MS, channels: ['agent-7'] },
      ],
    });
    const base = running.apiUrl;
    const sql = async <Row>(query: string): Promise<Row[]> => {
      const response = await fetch(`${base}/api/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer },
        body: JSON.stringify({ query, format: 'JSONEachRow' }),
      });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row);
    };
    const { page, context, wrong } = await watchedPage(await browser(t), base);
    const problems: string[] = [];

    await t.test('signs in with the token, which no script can read afterwards', async () => {
      await page.goto(`${base}/`);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      problems.push(...(await inaccessible(page, 'sign-in')));
      await page.getByLabel('Token').fill('not the token at all');
      await page.keyboard.press('Enter');
      await page.getByText('this is not the token').waitFor();
      assert.deepEqual(
        wrong.splice(0).map((text) => text.includes('401')),
        [true],
        'the refusal, and nothing else',
      );
      await page.getByLabel('Token').fill(TOKEN);
      await page.keyboard.press('Enter');
      await page.getByRole('grid', { name: 'Channels' }).waitFor();
      const [cookie] = await context.cookies();
      assert.deepEqual(
        [cookie?.httpOnly, cookie?.sameSite, cookie?.value.includes(TOKEN)],
        [true, 'Strict', false],
      );
      assert.equal(await page.evaluate('document.cookie + JSON.stringify(localStorage)'), '{}');
    });

    await t.test(
      'the first screen says what fires in sentences, then lists the fleet, the broken first',
      async () => {
        await page
          .getByRole('list', { name: 'Firing incidents' })
          .getByText(/agent-3 .*handler-dead/)
          .first()
          .waitFor();
        await page
          .getByRole('list', { name: 'Firing incidents' })
          .getByText(/agent-7 .*likeliest cause/)
          .first()
          .waitFor();
        await page.locator('[data-channel="agent-3"].row-asymmetric').waitFor();
        assert.match(await page.title(), /incidents? firing · Halfopen/);
        const first = page.getByRole('row').nth(1);
        assert.match(await first.innerText(), /asymmetric\s+[\s\S]*agent-[37]/);
        assert.match(await first.innerText(), /fails[\s\S]*works/);
        problems.push(...(await inaccessible(page, 'fleet')));
      },
    );

    await t.test('the list moves by itself, and stands still when it is paused', async () => {
      const heard = page.locator('[data-channel="agent-0"] .col-last_to_server');
      const titles = new Set<string | null>();
      // Frames of a healthy channel come several times a minute: the moment in the list changes without a reload.
      while (titles.size < 2) {
        titles.add(await heard.getAttribute('title'));
        await page.waitForTimeout(200);
      }
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByText(/paused at \d\d:\d\d:\d\d/).waitFor();
      const still = await page.getByRole('grid').innerText();
      await page.waitForResponse(() => true, { timeout: 100 }).catch(() => undefined);
      assert.equal(await page.getByRole('grid').innerText(), still);
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByText('live', { exact: true }).waitFor();
    });

    await t.test('filters and sorts by keyboard, and the address says so', async () => {
      await page.getByPlaceholder(/Filter/).focus();
      await page.keyboard.type('agent-1');
      await page.getByRole('grid').and(page.locator('[aria-rowcount="4"]')).waitFor();
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Delete');
      await page.getByRole('columnheader', { name: 'Channel' }).getByRole('button').focus();
      await page.keyboard.press('Enter');
      await page.locator('[aria-sort="ascending"]', { hasText: 'Channel' }).waitFor();
      await page.keyboard.press('Enter');
      await page.locator('[aria-sort="descending"]', { hasText: 'Channel' }).waitFor();
      assert.match(page.url(), /\?sort=id&dir=desc$/);
      assert.match(await page.getByRole('row').nth(1).innerText(), /agent-11/);
      await page.reload();
      await page.locator('[aria-sort="descending"]', { hasText: 'Channel' }).waitFor();
      const row = page.locator('[data-index="0"]');
      await row.focus();
      await page.keyboard.press('ArrowDown');
      await page.locator('[data-index="1"]:focus').waitFor();
      await page.keyboard.press('End');
      await page.locator('[data-index="11"]:focus').waitFor();
      await page.goto(`${base}/?sort=state`);
      await page.locator('[data-channel="agent-3"]').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'agent-3' }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/channels/agent-3');
    });

    await t.test('the lanes show as dead the frames that the store says are', async () => {
      await page.locator('[data-fate="unexecuted"]').first().waitFor();
      const until_ms = Date.now() - 30_000;
      const from = new Date(until_ms - 8 * MINUTE_MS).toISOString();
      const to = new Date(until_ms).toISOString();
      await page.goto(
        `${base}/channels/agent-3?${new URLSearchParams({ from, to, kind: 'command' }).toString()}`,
      );
      const clickhouse = (text: string) => text.replace('T', ' ').replace('Z', '');
      const dead = await sql<{ frame_id: string }>(
        `SELECT frame_id FROM frame_journeys
       WHERE channel_id = 'agent-3' AND kind = 'command' AND last_stage = 'receive'
         AND first_seen_at >= toDateTime64('${clickhouse(from)}', 3) AND first_seen_at <= toDateTime64('${clickhouse(to)}', 3)
       ORDER BY first_seen_at`,
      );
      assert.ok(dead.length > 2, `${dead.length} dead frames`);
      await page.getByText(`${dead.length} not executed`).waitFor();
      await page.getByRole('button', { name: 'Only those' }).click();
      const shown: string[] = [];
      // Only what is in sight is drawn: walk the list to its end.
      await page.locator('.lanes [data-index="0"]').focus();
      for (let index = 0; index < dead.length; index++) {
        const row = page.locator(`.lanes [data-index="${index}"]`);
        assert.equal(await row.getAttribute('data-fate'), 'unexecuted');
        assert.match(await row.innerText(), /not executed/);
        shown.push((await row.getAttribute('data-frame')) ?? '');
        if (index + 1 < dead.length) {
          await page.keyboard.press('ArrowDown');
          await page.locator(`.lanes [data-index="${index + 1}"]:focus`).waitFor();
        }
      }
      assert.deepEqual(
        shown,
        dead.map(({ frame_id }) => frame_id),
      );
      problems.push(...(await inaccessible(page, 'channel')));
    });

    await t.test(
      'claims stand beside facts, and a frame opens with its attributes and its trace',
      async () => {
        await page
          .getByRole('row', { name: /handler alive/ })
          .getByText('no', { exact: true })
          .waitFor();
        await page.keyboard.press('Enter');
        const dialog = page.getByRole('dialog');
        await dialog.getByText('frame.direction').first().waitFor();
        await dialog.getByRole('link', { name: /^Trace / }).waitFor();
        problems.push(...(await inaccessible(page, 'frame')));
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
        await page.locator('.lanes .grid-row:focus').waitFor();
        await page.goto(`${base}/channels/agent-7`);
        await page.locator('[data-fate="lost"]').first().waitFor();
        problems.push(...(await inaccessible(page, 'channel-lost')));
      },
    );

    await t.test('an incident is explained, taken, silenced and copied', async () => {
      await page.goto(`${base}/incidents`);
      await page.getByRole('table').waitFor();
      problems.push(...(await inaccessible(page, 'incidents')));
      await page
        .getByRole('link', { name: /agent-3 .*handler-dead/ })
        .first()
        .click();
      for (const name of [
        'What is true',
        'What is not known',
        'What it probably is',
        'Do this next',
        'Timeline',
      ])
        await page.getByRole('heading', { name }).waitFor();
      await page.getByRole('heading', { name: 'Who is affected: 1 channel' }).waitFor();
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      problems.push(...(await inaccessible(page, 'acknowledge')));
      await page.getByLabel('Your name').fill('Ada');
      await page.getByLabel('Note (optional)').fill('restarting the agent');
      await page.getByRole('dialog').getByRole('button', { name: 'Acknowledge' }).click();
      await page
        .getByText(/taken by Ada .*restarting the agent/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: /^Silence/ }).click();
      await page.getByLabel('Why').fill('being mended');
      await page.getByRole('dialog').getByRole('button', { name: 'Silence' }).click();
      await page
        .getByText(/silenced until .* by Ada: being mended/)
        .first()
        .waitFor();
      problems.push(...(await inaccessible(page, 'incident')));
      await page.getByRole('button', { name: 'Copy as Markdown' }).click();
      await page.getByText('copied').waitFor();
      const copied = await page.evaluate<string>('navigator.clipboard.readText()');
      assert.match(copied, /### What it probably is\s+1\. \*\*handler-dead\*\*/);
      await page.goto(`${base}/silences`);
      await page.getByRole('cell', { name: 'being mended' }).waitFor();
      problems.push(...(await inaccessible(page, 'silences')));
      await page.getByRole('button', { name: 'End now' }).click();
      await page.getByText('Nothing is silenced').waitFor();
    });

    await t.test('a fact opens the SQL that shows it', async () => {
      await page.goto(`${base}/incidents`);
      await page
        .getByRole('link', { name: /agent-3 .*handler-dead/ })
        .first()
        .click();
      await page
        .getByRole('link', { name: /^SQL that shows it/ })
        .first()
        .click();
      await page.getByText(/^\d+ rows? in /).waitFor();
      await page.getByLabel(/^SQL, read-only/).fill('SELECT number FROM numbers(5000)');
      await page.keyboard.press('Control+Enter');
      await page.getByText('5,000 rows in').waitFor();
      assert.ok((await page.locator('.result tbody tr').count()) < 200, 'only what is in sight is drawn');
      assert.match(page.url(), /q=SELECT\+number/);
      problems.push(...(await inaccessible(page, 'sql')));
      await page.getByLabel(/^SQL, read-only/).fill('SELECT nonsense');
      await page.keyboard.press('Control+Enter');
      await page.getByText('The query failed').waitFor();
      assert.deepEqual(
        wrong.splice(0).map((text) => text.includes('400')),
        [true],
        'the refusal, and nothing else',
      );
    });

    await t.test('an unknown channel, an unknown address and a signed-out browser are told so', async () => {
      await page.goto(`${base}/channels/${encodeURIComponent("no'such/agent ✓")}`);
      await page.getByText(/Nothing is stored of no'such\/agent ✓/).waitFor();
      problems.push(...(await inaccessible(page, 'channel-unknown')));
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.deepEqual(await context.cookies(), []);
    });

    assert.deepEqual(problems, [], 'axe');
    assert.deepEqual(wrong, [], 'console, policy, requests elsewhere');
  },
);
