import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { WebhookRecorder } from '@halfopen/lab';
import type { Incident } from '@halfopen/telemetry';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { Secret, webhook, WEBHOOK_SECRET } from '../../../src/index.js';
import { signatureHeaders } from '../../../src/receivers/webhook/signature.js';
import { webhookBody, WEBHOOK_BYTES_MAX } from '../../../src/receivers/webhook/webhook.js';
import { anyIncident, incident } from '../../incidents.js';

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const NEVER = new AbortController().signal;

test('the reference library of Standard Webhooks takes what arrives, and nothing that was changed on the way', async (t) => {
  const recorder = await new WebhookRecorder().listen();
  t.after(() => recorder.close());
  const receiver = webhook({
    name: 'hook',
    url: new Secret(`${recorder.url}/x`),
    secret: new Secret(SECRET),
  });
  const notification = { kind: 'fired', at_ms: 1000, incident: incident(), sequence: 2 } as const;
  const outcome = await receiver.deliver(notification, NEVER);
  assert.deepEqual(outcome, { result: 'delivered', status: 200, answer: 'ok' });
  const [call] = recorder.calls;
  assert.ok(call);
  const headers = call.headers as Record<string, string>;
  const told = new Webhook(SECRET).verify(call.body, headers) as {
    type: string;
    timestamp: string;
    data: { incident: Incident };
  };
  assert.equal(told.type, 'incident.fired');
  assert.equal(told.timestamp, '1970-01-01T00:00:01.000Z');
  assert.deepEqual(told.data.incident, incident());
  assert.equal(headers['webhook-id'], 'incident-1-2');
  const forged: [string, Record<string, string>][] = [
    [call.body.replace('agent-3', 'agent-4'), headers],
    [call.body, { ...headers, 'webhook-id': 'incident-1-3' }],
    [call.body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }],
  ];
  for (const [body, changed] of forged)
    assert.throws(() => new Webhook(SECRET).verify(body, changed), WebhookVerificationError);
  const other = `whsec_${randomBytes(32).toString('base64')}`;
  assert.throws(() => new Webhook(other).verify(call.body, headers), WebhookVerificationError);
});

test('what was recorded on the way is of no use later', () => {
  const old = signatureHeaders(SECRET, 'id', Date.now() - 301_000, '{}');
  assert.throws(() => new Webhook(SECRET).verify('{}', old), /too old/);
  assert.doesNotThrow(() =>
    new Webhook(SECRET).verify('{}', signatureHeaders(SECRET, 'id', Date.now(), '{}')),
  );
});

test('any body is signed as the reference library signs it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ minLength: 24, maxLength: 64 }),
      (body, key) => {
        const secret = `whsec_${Buffer.from(key).toString('base64')}`;
        assert.match(secret, WEBHOOK_SECRET);
        const at = new Date(1_700_000_000_000);
        const ours = signatureHeaders(secret, 'id', at.getTime(), body);
        assert.equal(ours['webhook-signature'], new Webhook(secret).sign('id', at, body));
      },
    ),
  );
});

test('whatever an incident says, the body is JSON within its bound', () => {
  fc.assert(
    fc.property(anyIncident, (any) => {
      const body = webhookBody({ kind: 'changed', at_ms: 0, incident: any, sequence: 3 });
      assert.ok(Buffer.byteLength(body) <= WEBHOOK_BYTES_MAX);
      const { data } = JSON.parse(body) as { data: { incident: Incident; sequence: number } };
      assert.equal(data.sequence, 3);
      assert.ok(data.incident.channels.length > 0);
    }),
  );
});
