import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { halfopen, sample, temporaryFolder, up, type Up } from '../halfopen.js';

export const TOKEN = 'a-token-of-enough-characters';

/** An `up` with a token, and a sample's data in it. */
export async function imported(t: TestContext, name = 'handler-dead-both-ends'): Promise<Up> {
  const data = await temporaryFolder(t);
  const config = join(data, 'halfopen.yaml');
  await writeFile(config, `token: ${TOKEN}\nlog: { level: error }\n`);
  const running = await up(data, '--config', config);
  const { code, stderr } = await halfopen('import', sample(name), '--data', data, '--config', config);
  if (code !== 0) throw new Error(stderr);
  return running;
}

/** Rows as the engine in the process gives them to the API, without any client of ClickHouse's between. */
export async function inProcess({ apiUrl }: Up, query: string): Promise<unknown[][]> {
  const response = await fetch(`${apiUrl}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ query, format: 'JSONCompactEachRow' }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown[]);
}

/** What people ask of a recording. Each has rows, in one order. */
export const QUESTIONS = [
  'SELECT count() AS spans, uniqExact(TraceId) AS traces FROM otel_traces',
  'SELECT channel_id, last_stage, count() AS frames FROM frame_journeys GROUP BY ALL ORDER BY ALL',
  `SELECT ServiceName, SpanName, count() AS n, max(Duration) AS longest FROM otel_traces GROUP BY ALL ORDER BY ALL`,
  'SELECT toString(Timestamp) AS at, TraceId, SpanId, SpanAttributes FROM otel_traces ORDER BY Timestamp, SpanId LIMIT 500',
  'SELECT name, type, comment FROM system.columns WHERE database = currentDatabase() ORDER BY table, position LIMIT 100',
  'SELECT channel_id, quantileExact(0.99)(toUInt64(toUnixTimestamp64Milli(seen_at))) AS q FROM channel_states GROUP BY channel_id ORDER BY ALL',
] as const;
