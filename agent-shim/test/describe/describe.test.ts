import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { describeJson, describeJsonRpc, describeOcppJ, type DescribeFrame } from '../../src/index.js';

function told(
  describe: DescribeFrame,
  message: unknown,
  direction: 'to_agent' | 'to_server' = 'to_agent',
): unknown {
  return describe(JSON.stringify(message), false, direction);
}

test('JSON: id and type under the names that are common, or under those that are given', () => {
  const json = describeJson();
  assert.deepEqual(told(json, { id: 'c1', type: 'command' }), { id: 'c1', kind: 'command' });
  assert.deepEqual(told(json, { command_id: 7, kind: 'command' }), { id: '7', kind: 'command' });
  assert.deepEqual(told(json, { id: 'r1', type: 'result', in_reply_to: 'c1' }), {
    id: 'r1',
    kind: 'result',
    replyTo: 'c1',
  });
  assert.deepEqual(told(json, { type: 'heartbeat' }), { kind: 'heartbeat' });
  assert.deepEqual(told(json, { id: 'x' }), { id: 'x', kind: 'message' });
  assert.equal(told(json, ['no object']), undefined);
  const own = describeJson({ id: 'seq', type: ['op', 't'], replyTo: 'to', kinds: { Ping: 'heartbeat' } });
  assert.deepEqual(told(own, { seq: 1, t: 'Ping', id: 'other' }), { id: '1', kind: 'heartbeat' });
  assert.deepEqual(told(own, { to: 1, op: 'constructor' }), {
    id: '1:constructor',
    kind: 'constructor',
    replyTo: '1',
  });
});

test('JSON: an ack that has only the id of what it acknowledges answers that, under an id of its own', () => {
  const json = describeJson({ kinds: { CommandAck: 'ack' } });
  assert.deepEqual(told(json, { type: 'CommandAck', command_id: 'c1' }), {
    id: 'c1:ack',
    kind: 'ack',
    replyTo: 'c1',
  });
  assert.deepEqual(told(json, { type: 'result', command_id: 'c1' }), {
    id: 'c1:result',
    kind: 'result',
    replyTo: 'c1',
  });
});

test('JSON-RPC: requests, notifications, responses, batches, and what is none', () => {
  const rpc = describeJsonRpc({ 'agent.beat': 'heartbeat' });
  const message = (more: object): object => ({ jsonrpc: '2.0', ...more });
  assert.deepEqual(told(rpc, message({ id: 1, method: 'run' })), { id: '1', kind: 'command' });
  assert.deepEqual(told(rpc, message({ id: 'a', method: 'get' }), 'to_server'), { id: 'a', kind: 'get' });
  assert.deepEqual(told(rpc, message({ method: 'progress' })), { kind: 'progress' });
  assert.deepEqual(told(rpc, message({ method: 'agent.beat' }), 'to_server'), { kind: 'heartbeat' });
  assert.deepEqual(told(rpc, message({ id: 1, result: null })), {
    id: '1:result',
    kind: 'result',
    replyTo: '1',
  });
  assert.deepEqual(told(rpc, message({ id: 1, error: {} })), {
    id: '1:result',
    kind: 'result',
    replyTo: '1',
  });
  assert.deepEqual(told(rpc, message({ id: null, error: {} })), { kind: 'result' });
  assert.deepEqual(told(rpc, [message({ method: 'x' })]), { kind: 'batch' });
  for (const none of [{}, { id: 1, method: 'run' }, message({}), 'text', null])
    assert.deepEqual(told(rpc, none), { decodeError: 'not_json_rpc' });
});

test('OCPP-J: calls, results and errors', () => {
  const ocpp = describeOcppJ({ Reset: 'reboot' });
  assert.deepEqual(told(ocpp, [2, 'u1', 'RemoteStartTransaction', {}]), { id: 'u1', kind: 'command' });
  assert.deepEqual(told(ocpp, [2, 'u2', 'Reset', {}]), { id: 'u2', kind: 'reboot' });
  assert.deepEqual(told(ocpp, [2, 'u3', 'Heartbeat', {}], 'to_server'), { id: 'u3', kind: 'heartbeat' });
  assert.deepEqual(told(ocpp, [2, 'u4', 'BootNotification', {}], 'to_server'), { id: 'u4', kind: 'hello' });
  assert.deepEqual(told(ocpp, [2, 'u5', 'MeterValues', {}], 'to_server'), { id: 'u5', kind: 'MeterValues' });
  assert.deepEqual(told(ocpp, [3, 'u1', {}], 'to_server'), {
    id: 'u1:result',
    kind: 'result',
    replyTo: 'u1',
  });
  assert.deepEqual(told(ocpp, [4, 'u1', 'NotSupported', '', {}]), {
    id: 'u1:result',
    kind: 'result',
    replyTo: 'u1',
  });
  assert.equal(told(ocpp, [6, 'u6', 'NotifyPeriodicEventStream', {}]), undefined);
  for (const none of [{}, [], [2], [2, 7, 'Reset', {}], [2, 'u', 7], ['2', 'u']])
    assert.deepEqual(told(ocpp, none), { decodeError: 'not_ocpp' });
});

test('whatever a transport gives is read: text, bytes, their views, fragments', () => {
  const text = '{"id":"ü","type":"command"}';
  const bytes = Buffer.from(text);
  const copy = new Uint8Array(bytes).buffer;
  for (const data of [
    text,
    bytes,
    new Uint8Array(bytes),
    copy,
    [bytes.subarray(0, 5), bytes.subarray(5)],
    new DataView(copy),
  ])
    assert.deepEqual(describeJson()(data, true, 'to_agent'), { id: 'ü', kind: 'command' });
});

test('what is no JSON is undecodable, and a message that is too long is not parsed', () => {
  for (const describe of [describeJson(), describeJsonRpc(), describeOcppJ()]) {
    assert.deepEqual(describe('{', false, 'to_agent'), { decodeError: 'SyntaxError' });
    assert.deepEqual(describe(undefined, false, 'to_agent'), { decodeError: 'SyntaxError' });
    assert.equal(describe(new Blob(['{']), true, 'to_agent'), undefined);
    assert.equal(describe(`"${'x'.repeat(1_048_576)}"`, false, 'to_agent'), undefined);
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.boolean(), (text, toAgent) => {
        const description = describe(text, false, toAgent ? 'to_agent' : 'to_server');
        if (description !== undefined && 'kind' in description)
          assert.equal(typeof description.kind, 'string');
      }),
    );
  }
});
