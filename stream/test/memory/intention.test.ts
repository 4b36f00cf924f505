import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  decodeIntention,
  encodeIntention,
  findIntention,
  INTENTION_FILE_BYTES_MAX,
  removeIntention,
  writeIntention,
  type StoredRange,
} from '../../src/memory/intention.js';
import { temporaryFolder } from './folder.js';

const rangeArbitrary: fc.Arbitrary<StoredRange> = fc
  .record({
    topic: fc.string({ unit: 'grapheme', maxLength: 20 }),
    partition: fc.nat(),
    begin: fc.bigInt(0n, 2n ** 63n),
    contents: fc.array(
      fc.record({
        appendedAtMs: fc.nat({ max: 2 ** 42 }),
        batchId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString('hex')),
        value: fc.uint8Array({ maxLength: 100 }),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ contents, ...head }) => ({
    ...head,
    end: head.begin + BigInt(contents.length),
    records: contents.map((content, i) => ({ offset: head.begin + BigInt(i), ...content })),
  }));

const example: StoredRange = {
  topic: 'memory-1',
  partition: 0,
  begin: 7n,
  end: 8n,
  records: [
    { offset: 7n, appendedAtMs: 1_790_000_000_000, batchId: '0f'.repeat(16), value: Buffer.from('spans') },
  ],
};

/** Buffers and plain arrays of bytes compare as equal in this form. */
function comparable(range: StoredRange | string) {
  if (typeof range === 'string') return range;
  return { ...range, records: range.records.map((record) => ({ ...record, value: [...record.value] })) };
}

test('a range comes back as it was written', () => {
  fc.assert(
    fc.property(rangeArbitrary, (range) => {
      assert.deepEqual(comparable(decodeIntention(encodeIntention(range))), comparable(range));
    }),
  );
});

test('a file cut at any byte, or with any byte altered, is noticed', () => {
  const whole = encodeIntention(example);
  for (let at = 0; at < whole.length; at++) {
    assert.equal(typeof decodeIntention(whole.subarray(0, at)), 'string', `cut at ${at}`);
    const altered = Buffer.from(whole);
    altered[at]! ^= 0x10;
    assert.equal(typeof decodeIntention(altered), 'string', `altered at ${at}`);
  }
});

test('lengths that do not fit are noticed even under a right checksum', () => {
  const magicBytes = 'halfopen intention 1\n'.length;
  const forge = (change: (body: Buffer) => Buffer): string | StoredRange => {
    const body = change(Buffer.from(encodeIntention(example).subarray(magicBytes + 4)));
    const file = Buffer.concat([encodeIntention(example).subarray(0, magicBytes + 4), body]);
    file.writeUInt32LE(crc32(body), magicBytes);
    return decodeIntention(file);
  };
  const topicTooLong = forge((body) => (body.writeUInt32LE(0xffffffff), body));
  assert.equal(topicTooLong, 'its lengths do not fit: 4294967295 bytes at 4, 57 are left');
  const recordsTooMany = forge(
    (body) => (body.writeUInt32LE(0xffffffff, 4 + 'memory-1'.length + 4 + 8), body),
  );
  assert.equal(recordsTooMany, 'its lengths do not fit: 8 bytes at 61, 0 are left');
  const surplus = forge((body) => Buffer.concat([body, Buffer.alloc(3)]));
  assert.equal(surplus, 'its lengths do not fit: 3 bytes behind the last record');
});

test('a written range is found until it is removed', async (t) => {
  const dir = await temporaryFolder(t);
  assert.deepEqual(await findIntention(dir), { kind: 'none' });
  for (const fsync of [false, true]) {
    await writeIntention(dir, example, fsync);
    const found = await findIntention(dir);
    assert.deepEqual(found.kind === 'range' && comparable(found.range), comparable(example));
  }
  await removeIntention(dir);
  await removeIntention(dir);
  assert.deepEqual(await readdir(dir), []);
});

test('a torn file is set aside with its reason, and the next start finds nothing', async (t) => {
  const dir = await temporaryFolder(t);
  const torn = encodeIntention(example).subarray(0, 60);
  await writeFile(join(dir, 'intention'), torn);
  const found = await findIntention(dir);
  assert.equal(found.kind === 'damaged' && found.reason, 'its checksum differs: torn or altered');
  assert.deepEqual(await readFile(join(dir, 'intention.damaged')), torn);
  assert.deepEqual(await findIntention(dir), { kind: 'none' });
});

test('a huge foreign file is set aside unread', async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, 'intention'), '');
  await truncate(join(dir, 'intention'), INTENTION_FILE_BYTES_MAX + 1);
  const found = await findIntention(dir);
  assert.equal(found.kind === 'damaged' && found.reason, '1073741825 bytes, may have 1073741824');
});

test('a folder that cannot be read is an error, not an absent intention', async (t) => {
  const dir = await temporaryFolder(t);
  await mkdir(join(dir, 'intention'));
  await assert.rejects(findIntention(dir), { code: 'EISDIR' });
  await writeFile(join(dir, 'file'), '');
  await assert.rejects(findIntention(join(dir, 'file')), { code: 'ENOTDIR' });
});
