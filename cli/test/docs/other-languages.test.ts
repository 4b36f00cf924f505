import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { ATTRIBUTE_NAMES, SPAN_NAMES, STAGES } from '@halfopen/telemetry';
import { fenced, read } from './pages.js';

const page = read(join('docs', 'other-languages.md'));

test('the Python of the page is that of the agent which the tests run', () => {
  const excerpts = fenced(page, 'python');
  assert.ok(excerpts.length > 8, `${excerpts.length} excerpts`);
  for (const excerpt of excerpts) {
    const [, file, code] = /^# (lab\/python\/\S+\.py)\n([\s\S]+)$/.exec(excerpt) ?? [];
    assert.ok(file !== undefined && code !== undefined, `no file is named: ${excerpt}`);
    assert.ok(read(file).includes(code), `not in ${file}: ${code}`);
  }
});

test('the page says of every name of the contract where it comes from', () => {
  const names = [...SPAN_NAMES, ...ATTRIBUTE_NAMES, 'service.name', 'service.instance.id'];
  assert.ok(STAGES.every((stage) => page.includes(`\`frame.${stage}\``)));
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});
