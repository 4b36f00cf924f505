import assert from 'node:assert/strict';
import test from 'node:test';
import { CollectorError, createCollector, defaultConfig, type CollectorConfig } from '../src/index.js';
import { FakeProducer } from './producer.js';
import { run } from './running.js';

const create = (config: Partial<CollectorConfig>) =>
  createCollector({ producer: new FakeProducer(), ready: () => ({ ready: true }), config });

test('without a token it listens on loopback only', () => {
  for (const host of ['127.0.0.1', '127.8.0.1', '::1', 'localhost']) create({ host });
  for (const host of ['0.0.0.0', '::', '10.0.0.5', '127.evil.example', 'example.com', '']) {
    assert.throws(() => create({ host }), { name: 'CollectorError', code: 'open-to-all' }, host);
    create({ host, bearerToken: 'secret' });
  }
});

test('settings that cannot be used are refused, with their name and a right value', () => {
  assert.throws(() => create({ bearerToken: '' }), {
    code: 'bad-config',
    message: /collector.bearerToken is empty/,
  });
  for (const wireBytesMax of [0, -1, 1.5, NaN, Infinity]) {
    const message = `collector.wireBytesMax is ${wireBytesMax}, must be an integer such as 20971520`;
    assert.throws(() => create({ wireBytesMax }), { code: 'bad-config', message });
  }
  create({ port: 0 });
});

test('an address that is taken is an error that names it', async (t) => {
  const { port } = await run(t);
  await assert.rejects(create({ port }).listen(), (error: unknown) => {
    assert.ok(error instanceof CollectorError && error.code === 'cannot-listen');
    assert.match(error.message, new RegExp(`cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`));
    return true;
  });
});

test('the address is known while it listens', async () => {
  const collector = create({ port: 0 });
  assert.equal(collector.address, undefined);
  const address = await collector.listen();
  assert.deepEqual(collector.address, address);
  assert.equal(address.address, defaultConfig.host);
  await collector.close();
  assert.equal(collector.address, undefined);
});
