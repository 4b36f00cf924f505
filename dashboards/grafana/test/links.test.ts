import assert from 'node:assert/strict';
import test from 'node:test';
import { channelDashboardUrl, incidentDashboardUrl, traceUrl } from '../src/index.js';

test('addresses of dashboards: path kept, names encoded, whole milliseconds', () => {
  assert.equal(
    channelDashboardUrl('https://grafana.example.net/ops/', 'agent 1&var-x=y', 1000.4, 2000.4),
    'https://grafana.example.net/ops/d/halfopen-channel?var-channel=agent+1%26var-x%3Dy&from=1000&to=2001',
  );
  assert.equal(
    incidentDashboardUrl('https://g.example', 'c70a', 1000, 2000),
    'https://g.example/d/halfopen-incident?var-incident=c70a&from=1000&to=2000',
  );
  assert.equal(
    traceUrl('https://g.example', 'ab12'),
    'https://g.example/d/halfopen-traces?var-trace_id=ab12',
  );
  assert.equal(
    traceUrl('https://g.example', 'ab12', { fromMs: 1, toMs: 2 }),
    'https://g.example/d/halfopen-traces?var-trace_id=ab12&from=1&to=2',
  );
});
