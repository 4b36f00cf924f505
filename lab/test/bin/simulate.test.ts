import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const BIN = fileURLToPath(new URL('../../src/bin/simulate.js', import.meta.url));

function simulate(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [BIN, ...args]);
}

test('writes the recording and prints the truth', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'halfopen-lab-'));
  t.after(() => rm(folder, { recursive: true }));
  const out = join(folder, 'out.jsonl.gz');
  const fault = ['--fault', 'reader-dead', '--at', '20', '--on', 'agent-1', '--with', '{"end":"agent"}'];
  const { stdout } = await simulate(
    '--out',
    out,
    '--channels',
    '2',
    '--duration',
    '60',
    '--observers',
    'agent',
    ...fault,
  );
  const [truth] = JSON.parse(stdout) as { channel: string; cause: string; onsetMs: number }[];
  assert.deepEqual(
    [truth?.channel, truth?.cause, truth?.onsetMs],
    ['agent-1', 'reader-dead', Date.UTC(2026, 9, 1, 12, 0, 20)],
  );
  const text = gunzipSync(await readFile(out)).toString();
  assert.match(text, /"fleet-agent"/);
  assert.doesNotMatch(text, /"control-server"/);
});

test('says what is wrong with its arguments', async () => {
  const complaint = async (...args: string[]): Promise<string> => {
    const error: unknown = await simulate(...args).catch((failure: unknown) => failure);
    return (error as { stderr: string; stdout: string }).stderr + (error as { stdout: string }).stdout;
  };
  assert.match(await complaint(), /^Usage: simulate --out/);
  assert.match(await complaint('--out', 'x', '--fault', 'nonsense'), /nonsense: unknown; expected one of/);
  assert.match(await complaint('--out', 'x', '--observers', 'none'), /--observers: expected one of both/);
  assert.match(
    await complaint('--out', 'x', '--channels', 'many'),
    /channels: expected a positive integer, got NaN/,
  );
});
