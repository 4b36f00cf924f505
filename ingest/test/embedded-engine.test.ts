import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROGRAM = fileURLToPath(new URL('embedded-engine-process.js', import.meta.url));
const run = promisify(execFile);

const STORED = {
  spans: [
    { name: 'b', rows: 2 },
    { name: 'c', rows: 1 },
    { name: 'frame.receive', rows: 1 },
  ],
  frames: 1,
  deadLetters: 1,
  ledger: 4,
};

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'halfopen-ingest-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function storedBy(folder: string): Promise<unknown> {
  return JSON.parse((await run(process.execPath, [PROGRAM, folder])).stdout);
}

test('the embedded engine holds what was sent once, and again once when all is sent again', async (t) => {
  const folder = await folderOf(t);
  assert.deepEqual(await storedBy(folder), STORED);
  assert.deepEqual(await storedBy(folder), STORED);
});

for (const [step, moment] of [
  ['intend', 'behind'],
  ['spans', 'behind'],
  ['ledger', 'behind'],
  ['commit', 'behind'],
] as const) {
  test(`a process killed ${moment} the step "${step}" leaves a folder in which the next stores all once`, async (t) => {
    const folder = await folderOf(t);
    await assert.rejects(run(process.execPath, [PROGRAM, folder, step, moment]), { signal: 'SIGKILL' });
    assert.deepEqual(await storedBy(folder), STORED);
  });
}
