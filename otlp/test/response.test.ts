import assert from 'node:assert/strict';
import test from 'node:test';
import { rpcStatus, traceResponse } from '../src/index.js';
import { decode } from './oracle.js';

test('full success leaves partial_success unset', () => {
  assert.equal(traceResponse('protobuf').length, 0);
  assert.equal(traceResponse('json').toString(), '{}');
});

test('partial success says how many spans were not taken, and why', () => {
  const partial = { rejectedSpans: 3, errorMessage: 'trois étendues' };
  const expected = { partialSuccess: { rejectedSpans: '3', errorMessage: 'trois étendues' } };
  assert.deepEqual(decode('Response', traceResponse('protobuf', partial)), expected);
  assert.deepEqual(JSON.parse(traceResponse('json', partial).toString()), expected);
});

test('a status carries its code and message', () => {
  const expected = { code: 3, message: `a "quoted" reason ${'x'.repeat(200)}` };
  assert.deepEqual(decode('RpcStatus', rpcStatus('protobuf', 3, expected.message)), expected);
  assert.deepEqual(JSON.parse(rpcStatus('json', 3, expected.message).toString()), expected);
});
