import assert from 'node:assert/strict';
import test from 'node:test';
import { ATTRIBUTES, ATTRIBUTE_NAMES, COUNTER_NAMES, FRAME_SPANS, RULES, STAGES } from '../src/index.js';

test('each stage has its span, in the same order', () => {
  assert.deepEqual(
    FRAME_SPANS,
    STAGES.map((stage) => `frame.${stage}`),
  );
});

test('a counter is an int of channel.state and has a unit', () => {
  for (const name of COUNTER_NAMES) {
    const { type, unit, spans } = ATTRIBUTES[name];
    assert.deepEqual({ type, spans }, { type: 'int', spans: ['channel.state'] }, name);
    assert.notEqual(unit, undefined, name);
  }
});

test('a name that carries its unit says the same unit as its row', () => {
  for (const name of ATTRIBUTE_NAMES.filter((n) => n.endsWith('_ms'))) {
    assert.equal(ATTRIBUTES[name].unit, 'ms', name);
  }
});

test('a closed or open list of values belongs to a string; an open one names its well-known members', () => {
  for (const name of ATTRIBUTE_NAMES) {
    const { type, values, open } = ATTRIBUTES[name];
    if (values !== undefined) assert.equal(type, 'string', name);
    if (open) assert.notEqual(values, undefined, name);
  }
});

test('telemetry-gap never pages', () => {
  assert.deepEqual(
    { severity: RULES['telemetry-gap'].severity, pages: RULES['telemetry-gap'].pages },
    { severity: 'info', pages: false },
  );
});
