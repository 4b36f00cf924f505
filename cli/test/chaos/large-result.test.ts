import assert from 'node:assert/strict';
import test from 'node:test';
import { temporaryFolder, up } from '../halfopen.js';
import { peakMb } from './peak.js';

const GROWTH_MB_MAX = 300;

test('results of a gigabyte go through, and take no memory to speak of', { timeout: 300_000 }, async (t) => {
  const running = await up(await temporaryFolder(t));
  const before_mb = await peakMb(running.pid);
  const peaks: string[] = [];
  for (const format of ['Native', 'JSONEachRow', 'JSON']) {
    const query = `SELECT number, repeat('x', 1000) FROM numbers(1000000) FORMAT ${format}`;
    const response = await fetch(running.sqlUrl, { method: 'POST', body: query });
    assert.ok(response.body);
    let bytes = 0;
    for await (const chunk of response.body) bytes += (chunk as Uint8Array).length;
    assert.ok(bytes > 1_000_000_000, `${format}: ${bytes} bytes`);
    peaks.push(`${format} ${Math.round(await peakMb(running.pid))}`);
  }
  const growth_mb = (await peakMb(running.pid)) - before_mb;
  assert.ok(growth_mb < GROWTH_MB_MAX, `${growth_mb} MB more`);
  t.diagnostic(`peak ${Math.round(before_mb)} MB before; behind each format, MB: ${peaks.join(', ')}`);
  assert.equal((await running.stop('SIGTERM')).code, 0);
});
