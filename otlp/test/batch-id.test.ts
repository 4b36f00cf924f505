import assert from 'node:assert/strict';
import test from 'node:test';
import { batchId } from '../src/index.js';

test('the batch id is the first half of SHA-256', () => {
  // The digest of no bytes, and of "abc", as FIPS 180-4's examples have it.
  assert.equal(batchId(new Uint8Array()), 'e3b0c44298fc1c149afbf4c8996fb924');
  assert.equal(batchId(Buffer.from('abc')), 'ba7816bf8f01cfea414140de5dae2223');
});

test('an offer of a dead letter has an id of its own: of the letter and its bytes, and of nothing else', () => {
  const [bytes, letter] = [Buffer.from('abc'), batchId(Buffer.from('abc'))];
  const offer = batchId(bytes, letter);
  assert.match(offer, /^[0-9a-f]{32}$/);
  assert.equal(batchId(bytes, letter), offer);
  const others = [
    letter,
    batchId(bytes, offer),
    batchId(Buffer.from('abd'), letter),
    batchId(Buffer.concat([Buffer.from(letter, 'hex'), bytes])),
  ];
  assert.equal(new Set([offer, ...others]).size, 5);
});
