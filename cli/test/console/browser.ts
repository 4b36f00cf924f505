import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterwards } from '../afterwards.js';

const PLACES = [
  process.env['HALFOPEN_CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--headless',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Ignored by git; for whoever wants to look. */
const SCREENSHOTS = fileURLToPath(new URL('../../../../screenshots/', import.meta.url));
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Debian's chromium, with a profile of its own that goes with it. */
export async function browser(t: TestContext): Promise<Browser> {
  const path = PLACES.find((place) => place !== '' && existsSync(place));
  assert.ok(
    path !== undefined,
    'no chromium: apt-get install chromium, or HALFOPEN_CHROMIUM=/path/to/chromium',
  );
  const started = await chromium.launch({ executablePath: path, args: FLAGS });
  afterwards(t, () => started.close());
  return started;
}

/** A page that is watched: whatever it asks elsewhere, complains of or violates is in `wrong`. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly wrong: string[];
}

export async function watchedPage(started: Browser, base: string): Promise<Watched> {
  const context = await started.newContext({
    viewport: { width: 1440, height: 900 },
    timezoneId: 'Europe/Paris',
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`error: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== base && !['data:', 'blob:'].includes(url.protocol))
      wrong.push(`asked elsewhere: ${request.url()}`);
  });
  // As text: what runs in the browser is not compiled for Node.
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (event) => {
      console.error('violates the policy: ' + event.violatedDirective + ' ' + event.blockedURI);
    });`,
  });
  return { page, context, wrong };
}

/** What axe finds that is serious, in light and in dark. */
export async function inaccessible(page: Page, name: string): Promise<string[]> {
  await mkdir(SCREENSHOTS, { recursive: true });
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}.png`) });
    await page.evaluate(axe);
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    found.push(
      ...violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
          ({ id, help, nodes }) =>
            `${name}, ${colorScheme}: ${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
        ),
    );
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}
