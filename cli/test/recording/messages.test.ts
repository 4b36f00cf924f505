import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Failure } from '../../src/failure.js';
import { MESSAGE_BYTES_MAX, readRecording } from '../../src/recording/messages.js';
import { temporaryFolder } from '../halfopen.js';
import { line, lines, message } from './requests.js';

interface Read {
  readonly file: string;
  readonly where: string[];
  readonly texts: string[];
  readonly failure: string | undefined;
}

/** All that can be read of a file, and why it ended before its end; what is no Failure is thrown on. */
async function read(t: TestContext, content: string | Buffer | undefined): Promise<Read> {
  const file = join(await temporaryFolder(t), 'recording');
  if (content !== undefined) await writeFile(file, content);
  return readAll(file);
}

async function readAll(file: string): Promise<Read> {
  const where: string[] = [];
  const texts: string[] = [];
  try {
    for await (const recorded of readRecording(file)) {
      where.push(recorded.where.replace(file, 'F'));
      texts.push(recorded.bytes.toString('latin1'));
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { file, where, texts, failure: error.message.replace(file, 'F') };
  }
  return { file, where, texts, failure: undefined };
}

test('lines and messages are told where they stand, compressed or not', async (t) => {
  const text = `${lines(1, 3).join('\n')}\n`;
  for (const content of [text, gzipSync(text), text.trimEnd()]) {
    const { where, texts, failure } = await read(t, content);
    assert.deepEqual([where, texts, failure], [['F:1', 'F:2', 'F:3'], lines(1, 3), undefined]);
  }
  const messages = Buffer.concat([message(1), message(2)]);
  for (const content of [messages, gzipSync(messages)]) {
    const { where, failure } = await read(t, content);
    assert.deepEqual([where, failure], [['F, message 1', 'F, message 2'], undefined]);
  }
});

test('white space before the first line does not make it protobuf, wherever chunks end', async (t) => {
  const { where, failure } = await read(t, Buffer.concat([gzipSync('\n \r\n'), gzipSync(line(1))]));
  assert.deepEqual([where, failure], [['F:1', 'F:2', 'F:3'], undefined]);
});

test('an empty file, compressed or not, has nothing in it and nothing wrong with it', async (t) => {
  for (const content of ['', gzipSync(''), '\n\n']) {
    const { texts, failure } = await read(t, content);
    assert.equal(texts.join('').trim(), '');
    assert.equal(failure, undefined);
  }
});

test('a missing file, and a directory, are said to be that', async (t) => {
  assert.equal((await read(t, undefined)).failure, 'F: there is no such file');
  const folder = join(await temporaryFolder(t), 'folder');
  await mkdir(folder);
  assert.match((await readAll(folder)).failure ?? '', /^F: can't be read: .*directory/);
});

test('a compressed file that was cut off is read to where it goes, and names itself', async (t) => {
  const whole = gzipSync(Array.from({ length: 2_000 }, (_, number) => `${line(number)}\n`).join(''));
  const { texts, failure } = await read(t, whole.subarray(0, whole.length * 0.9));
  assert.equal(failure, "F: can't be read: unexpected end of file");
  assert.ok(texts.length > 100 && texts.length < 2_000, `${texts.length} lines`);
  assert.deepEqual(texts, lines(0, texts.length - 1));
});

test('a compressed file with a bit turned over names itself', async (t) => {
  const damaged = gzipSync(lines(1, 3).join('\n'));
  damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 1;
  assert.match((await read(t, damaged)).failure ?? '', /^F: can't be read: incorrect data check/);
});

test('a file of length-prefixed messages that was cut off, at whichever byte, gives what was whole', async (t) => {
  const [first, second] = [message(1), message(2)];
  const whole = Buffer.concat([first, second]);
  for (const left of [1, 3, 4, first.length - 1, first.length + 2, first.length + 4, whole.length - 1]) {
    const { texts, failure } = await read(t, whole.subarray(0, left));
    const number = left < first.length ? 1 : 2;
    assert.equal(texts.length, number - 1);
    assert.equal(failure, `F, message ${number}: the file ends within a message`);
  }
});

test('a length that no message has names the file, the message and both formats', async (t) => {
  for (const strange of ['PK\u0003\u0004 a zip file', '<html>', '[{"resourceSpans":[]}]']) {
    const { failure, texts } = await read(t, Buffer.concat([message(1), Buffer.from(strange)]));
    assert.equal(texts.length, 1, 'what came before is whole');
    assert.match(failure ?? '', /^F, message 2: .*neither JSON lines nor protobuf/);
    assert.match((await read(t, strange)).failure ?? '', /^F, message 1: .*neither JSON lines nor protobuf/);
  }
});

test('a bomb, of one line or of one message, is given up at the bound', async (t) => {
  const bytes = 4 * MESSAGE_BYTES_MAX;
  const oneLine = Buffer.alloc(bytes, ' ');
  oneLine[0] = 0x7b;
  const { texts, failure } = await read(t, gzipSync(oneLine, { level: 1 }));
  assert.deepEqual([texts, failure], [[], `F:1: longer than ${MESSAGE_BYTES_MAX} bytes`]);
  const oneMessage = Buffer.alloc(bytes);
  oneMessage.writeUInt32BE(bytes - 4);
  assert.match((await read(t, gzipSync(oneMessage))).failure ?? '', /longer than 20971520 bytes/);
});
