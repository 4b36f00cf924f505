import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CAUSE_NAMES } from '@halfopen/telemetry';

test('every cause has its section in docs/causes.md, where incidents link to', async () => {
  const page = await readFile(new URL('../../../docs/causes.md', import.meta.url), 'utf8');
  const sections = [...page.matchAll(/^## (\S+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sections.sort(), [...CAUSE_NAMES].sort());
});
