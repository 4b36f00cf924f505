import { clickhouseTime, quoted, type Store } from '@halfopen/store';
import type { Fact } from '@halfopen/telemetry';
import { count } from './probe.js';

/** From here on it is worth a thought: certificates, tokens and logs are read by these clocks too. */
const APART_MS = 2_000;

/**
 * How far the clocks of the two ends of one channel are apart, where frames went both ways and both ends told of them. No
 * symptom of the channel: rules allow for half a minute.
 */
export async function clocksApart(
  store: Store,
  channel: string,
  instant_ms: number,
): Promise<Fact | undefined> {
  const sql = `SELECT round(agent_ahead_ms) AS agent_ahead_ms, ceil(uncertainty_ms) AS uncertainty_ms, frames_to_agent, frames_to_server
FROM clock_offsets(at = '${clickhouseTime(instant_ms)}', channel = ${quoted(channel)})`;
  const [offset] = await store.query<{
    agent_ahead_ms: number;
    uncertainty_ms: number;
    frames_to_agent: number;
    frames_to_server: number;
  }>(sql);
  if (offset === undefined) return undefined;
  const { agent_ahead_ms, uncertainty_ms, frames_to_agent, frames_to_server } = offset;
  const way = agent_ahead_ms < 0 ? 'behind' : 'ahead of';
  return {
    id: 'clocks-apart',
    statement: `the agent's clock is ${Math.abs(agent_ahead_ms)} ms ${way} the server's, give or take ${uncertainty_ms} ms, by ${count(frames_to_agent, 'frame')} to the agent and ${frames_to_server} to the server`,
    observed: Math.abs(agent_ahead_ms) - uncertainty_ms >= APART_MS,
    sql,
  };
}
