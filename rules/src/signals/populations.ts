import { clickhouseTime, quoted } from '@halfopen/store';
import { blocksOf, seenWithin } from './seam.js';
import { LOOKBACK_S, STALE_STATE_S } from './windows.js';

/** Servers sweep their inventory every few minutes. */
const SWEPT_S = 330;

/** States are looked at over the last of so many seconds, and the blocks of the first: all of them would be many, and tell no more. */
const SLICE_S = 60;

/**
 * The channels of each server: those that it has told of lately, or that its inventory names; how many of them are open
 * now, and have an agent that tells of itself. What one channel shares with the others of its server says whose fault it
 * may be, and whether an agent's silence means anything.
 *
 * @param service of the server; all without one
 */
export function populationsSql(instant_ms: number, service?: string): string {
  const at = `toDateTime64('${clickhouseTime(instant_ms)}', 3)`;
  return `SELECT service, toUInt32(count()) AS channels, toUInt32(countIf(open)) AS open, toUInt32(countIf(telling)) AS telling
FROM
(
    SELECT channel_id, max(of_service) AS service, max(is_open) AS open, max(tells) AS telling
    FROM
    (
        SELECT channel_id, maxIf(service, channel_end = 'server') AS of_service,
            max((seen_ms, connected)).2 = 1 AND max(seen_ms) > ${instant_ms - STALE_STATE_S * 1000} AS is_open,
            max(channel_end = 'agent') AS tells
        FROM channel_counts
        WHERE ${seenWithin(instant_ms, SLICE_S)}
        GROUP BY channel_id
        UNION ALL
        SELECT channel_id, maxIf(service, channel_end = 'server'), false, max(channel_end = 'agent')
        FROM channel_progress
        WHERE ${blocksOf(instant_ms, LOOKBACK_S, LOOKBACK_S - SLICE_S)}
        GROUP BY channel_id
        UNION ALL
        SELECT channel_id, max(service), false, false
        FROM expected_channels
        WHERE seen_at > ${at} - INTERVAL ${SWEPT_S} SECOND AND seen_at <= ${at} AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes(${at} - INTERVAL ${SWEPT_S} SECOND)
        GROUP BY channel_id
    )
    GROUP BY channel_id
)
WHERE service != ''${service === undefined ? '' : ` AND service = ${quoted(service)}`}
GROUP BY service`;
}

/** Every channel that anybody has told of lately, or that an inventory names, with what channels are grouped by. */
export function sizesSource(instant_ms: number): string {
  const at = `toDateTime64('${clickhouseTime(instant_ms)}', 3)`;
  const recent = `seen_at > ${at} - INTERVAL ${SWEPT_S} SECOND AND seen_at <= ${at} AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes(${at} - INTERVAL ${SWEPT_S} SECOND)`;
  return `SELECT channel_id, max(of_service) AS service_name, max(of_site) AS channel_site, max(of_gateway) AS channel_gateway, max(of_version) AS channel_agent_version
FROM
(
    SELECT channel_id, maxIf(service, channel_end = 'server') AS of_service, max(site) AS of_site, max(gateway) AS of_gateway, max(agent_version) AS of_version
    FROM channel_states WHERE ${recent} GROUP BY channel_id
    UNION ALL
    SELECT channel_id, max(service), max(site), max(gateway), max(agent_version)
    FROM expected_channels WHERE ${recent} GROUP BY channel_id
    UNION ALL
    SELECT channel_id, '', max(site), max(gateway), max(agent_version)
    FROM connection_events WHERE ${recent} GROUP BY channel_id
)
GROUP BY channel_id`;
}

/** How many channels there are by attribute and value; attribute and value empty: in all. */
export function sizesSql(instant_ms: number): string {
  return `SELECT group.1 AS attribute, group.2 AS value, toUInt32(count()) AS channels
FROM (${sizesSource(instant_ms)})
ARRAY JOIN [('', ''), ('service.name', service_name), ('channel.site', channel_site), ('channel.gateway', channel_gateway), ('channel.agent.version', channel_agent_version)] AS group
GROUP BY attribute, value`;
}
