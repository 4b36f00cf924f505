import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { openRuleBook, openRuleSql, readRuleBook } from '@halfopen/rules';
import { openEmbeddedStore } from '@halfopen/store';
import { loadConfig } from '../../src/config/load.js';
import { readRuleTests } from '../../src/rule-tests/file.js';
import { temporaryFolder } from '../halfopen.js';
import { fenced, pages, read } from './pages.js';

/** Where the pages keep secrets, and the files that they name there. */
const FOLDER = '/etc/halfopen/';
const FILES = {
  token: 'a-token-of-enough-characters',
  'pagerduty-key': '0123456789abcdef0123456789abcdef',
  'webhook-secret': `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  'watchdog-url': 'https://hc.example.net/ping/some-id',
  'kafka-password': 'a password',
  'clickhouse-password': 'another',
};

/** Blocks that are no configuration of ours have no language. */
const CONFIGURATIONS = pages().flatMap((page) =>
  fenced(read(page), 'yaml').map((yaml, index) => ({ name: `${page}, block ${index + 1}`, yaml })),
);

type Kind = 'configuration' | 'rules' | 'causes' | 'tests';

/** By the first key, which no other kind has. */
function kindOf(yaml: string): Kind {
  if (/^tests:/m.test(yaml)) return 'tests';
  if (/^groups:/m.test(yaml)) return 'rules';
  return /^hypotheses:/m.test(yaml) ? 'causes' : 'configuration';
}

const TAKEN_BY: Readonly<Record<Kind, (file: string, dir: string) => unknown>> = {
  configuration: (file) => loadConfig(file),
  // Of the rules on the same page.
  tests: async (file, dir) => {
    const [, rules = ''] = fenced(read('docs/rules.md'), 'yaml');
    await writeFile(join(dir, 'ours.yaml'), rules);
    return readRuleTests(file);
  },
  causes: (file) => readRuleBook({ rules: [], causes: file }),
  rules: async (file, dir) => {
    const store = await openEmbeddedStore({ path: join(dir, 'data') });
    const people = openRuleSql(store);
    try {
      await openRuleBook(readRuleBook({ rules: [file] }), people, Date.now());
    } finally {
      await people.close();
      await store.close();
    }
  },
};

for (const { name, yaml } of CONFIGURATIONS)
  test(`a configuration that the pages show is taken: ${name}`, async (t) => {
    const dir = await temporaryFolder(t);
    for (const [file, text] of Object.entries(FILES)) await writeFile(join(dir, file), text);
    const file = join(dir, 'halfopen.yaml');
    await writeFile(file, yaml.replaceAll(FOLDER, `${dir}/`));
    await TAKEN_BY[kindOf(yaml)](file, dir);
  });

test('the pages that show configurations are read', () => {
  const shown = new Set(CONFIGURATIONS.map(({ name }) => name.split(',')[0]));
  for (const page of ['README.md', 'docs/alert-routing.md', 'docs/operating.md', 'docs/rules.md'])
    assert.ok(shown.has(page));
});
