import { clickhouseTime, type Store } from '@halfopen/store';
import { populationsSql } from './populations.js';
import { beforeSeam, seenWithin, sinceSeam } from './seam.js';
import type { FleetSignals, Population } from './signals.js';
import { LISTENER_S, RECENT_S } from './windows.js';

/** What holds for all channels at an instant, from the narrow tables: it must not grow dearer than one pass over them. */
export async function readFleet(store: Store, instant_ms: number): Promise<FleetSignals> {
  const [states, populations, listeners] = await Promise.all([
    store.query<{ service: string; acknowledged: boolean; last_state_ms: number; lag_ms: number }>(
      serversQuery(instant_ms),
    ),
    store.query<Population & { service: string }>(populationsSql(instant_ms)),
    store.query<{ service: string; up: boolean; address: string }>(listenersQuery(instant_ms)),
  ]);
  return {
    acknowledging: new Set(states.filter(({ acknowledged }) => acknowledged).map(({ service }) => service)),
    listeners: new Map(listeners.map(({ service, up, address }) => [service, { up, address }])),
    populations: new Map(populations.map((population) => [population.service, population])),
    server_lag_ms: new Map(states.map(({ service, lag_ms }) => [service, lag_ms])),
    server_state_ms: new Map(states.map(({ service, last_state_ms }) => [service, last_state_ms])),
  };
}

/** What the servers have said of any channel: by service, whether one was ever acknowledged, the last state and the worst lag. */
function serversQuery(at_ms: number): string {
  return `SELECT service, toBool(max(acks) > 0) AS acknowledged, max(told_ms) AS last_state_ms, max(lag) AS lag_ms
FROM
(
    SELECT service, rx_acks AS acks, seen_ms AS told_ms, toInt64(-1) AS lag
    FROM channel_counts
    WHERE channel_end = 'server' AND ${sinceSeam(at_ms)}
    UNION ALL
    SELECT service, rx_acks, intDiv(claimed, 2), -1
    FROM channel_progress
    WHERE channel_end = 'server' AND ${beforeSeam(at_ms)}
    UNION ALL
    SELECT service, -1, 0, event_loop_lag_ms
    FROM channel_counts
    WHERE channel_end = 'server' AND ${seenWithin(at_ms, RECENT_S)}
)
GROUP BY service`;
}

function listenersQuery(at_ms: number): string {
  const at = `toDateTime64('${clickhouseTime(at_ms)}', 3)`;
  return `SELECT service, min(listens) AS up, argMin(at_address, listens) AS address
FROM
(
    SELECT service, ifNull(argMax(listener_up, seen_at), true) AS listens,
        -- an instance that was stopped is no trouble while another one listens: a deploy looks like that
        argMax(error_type, seen_at) = 'closed' AND NOT listens
            AND countIf(listens) OVER (PARTITION BY service) > countIf(listens) OVER (PARTITION BY service, service_instance) AS succeeded,
        server_address || if(server_port IS NULL, '', ':' || toString(assumeNotNull(server_port))) AS at_address
    FROM listener_states
    WHERE seen_at <= ${at} AND seen_at > ${at} - INTERVAL ${LISTENER_S} SECOND
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes(${at} - INTERVAL ${LISTENER_S} SECOND)
    GROUP BY service, service_instance, server_address, server_port
)
WHERE NOT succeeded
GROUP BY service`;
}
