import assert from 'node:assert/strict';
import test from 'node:test';
import { batchId } from '../src/index.js';

test('the batch id is the first half of SHA-256', () => {
  // The digest of no bytes, and of "abc", as FIPS 180-4's examples have it.
  assert.equal(batchId(new Uint8Array()), 'e3b0c44298fc1c149afbf4c8996fb924');
  assert.equal(batchId(Buffer.from('abc')), 'ba7816bf8f01cfea414140de5dae2223');
});
