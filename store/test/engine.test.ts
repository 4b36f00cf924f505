import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

/** Whether a process that runs this has loaded the engine's library. */
async function loads(script: string): Promise<boolean> {
  const { stdout } = await run(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `${script}; console.log(process.report.getReport().sharedObjects.join('\\n'))`,
    ],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), maxBuffer: 2 ** 24 },
  );
  return stdout.includes('libchdb');
}

test('the engine is loaded by who opens it, not by who imports this package', async () => {
  assert.equal(await loads(`await import(${at('../src/index.js')})`), false);
  assert.equal(await loads(`await (await import(${at('../src/engine.js')})).loadEngine()`), true);
});
