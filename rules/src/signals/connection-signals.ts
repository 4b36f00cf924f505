import { BY_PARAMETER, type ChannelScope } from './scope.js';
import { CLOSES_S, LOOKBACK_S, RECENT_S } from './windows.js';

/** Statuses of a proxy whose backend is not there (RFC 9110, 15.6.3 to 15.6.5). */
const GATEWAY_ERRORS = '502, 503, 504';

/** Refusals of credentials (RFC 9110, 15.5.2 and 15.5.4). */
const AUTH_REFUSALS = '401, 403';

/** Close codes of a restart that the peer announced (RFC 6455, 7.4.1; 1012 from its registry). */
const RESTART_CODES = '1001, 1012';

/**
 * View `connection_signals(at, channel)`: attempts and closes of each channel, as either end reported them. Closes are
 * counted once per connection, though both ends report them.
 */
export function connectionSignalsView(): string {
  return `CREATE OR REPLACE VIEW connection_signals AS
${connectionSignals(BY_PARAMETER)}`;
}

export function connectionSignals(scope: ChannelScope): string {
  return `WITH
    events AS
    (
        SELECT *, dateDiff('millisecond', seen_at, {at:DateTime64(3)}) / 1000 AS age_s
        FROM connection_events
        WHERE seen_at <= {at:DateTime64(3)}
            AND seen_at > {at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND
            AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)
            AND ${scope}
    ),
    attempts AS
    (
        SELECT
            channel_id,
            any(site) AS site,
            any(gateway) AS gateway,
            any(agent_version) AS agent_version,
            min(seen_at) AS first_event_at,
            maxOrNullIf(seen_at, event = 'connect' AND outcome = 'ok') AS connected_at,
            maxOrNullIf(seen_at, event = 'connect') AS attempted_at,
            countIf(event = 'connect' AND age_s < ${RECENT_S}) AS attempts,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND outcome != 'ok' AND channel_end = 'agent') AS attempts_failed_by_agent,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND outcome != 'ok') AS attempts_failed,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND outcome = 'refused') AS attempts_refused,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND outcome = 'timeout') AS attempts_timed_out,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND status_code IN (${GATEWAY_ERRORS})) AS attempts_without_backend,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND status_code IN (${AUTH_REFUSALS})
                OR event = 'connect' AND age_s < ${RECENT_S} AND outcome = 'rejected' AND phase IN ('tls', 'hello')) AS attempts_unauthorized,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND outcome != 'ok' AND phase = 'upgrade'
                AND status_code IS NOT NULL AND status_code NOT IN (101, ${GATEWAY_ERRORS}, ${AUTH_REFUSALS})) AS attempts_misrouted,
            countIf(event = 'connect' AND age_s < ${RECENT_S} AND outcome != 'ok'
                AND (phase = 'dns' OR match(server_address, '[$\\\\{}<> ]'))) AS attempts_impossible,
            argMaxOrNullIf(server_address || if(server_port IS NULL, '', ':' || toString(assumeNotNull(server_port))), seen_at, event = 'connect') AS target,
            argMaxOrNullIf(assumeNotNull(status_code), seen_at, event = 'connect' AND status_code IS NOT NULL) AS last_status_code
        FROM events
        GROUP BY channel_id
    ),
    closes AS (${CLOSES})
SELECT *
FROM attempts
LEFT JOIN closes USING (channel_id)`;
}

/** Closes per connection, then per channel; over the events of the view above. */
const CLOSES = `
        SELECT
            channel_id,
            max(closed_at) AS closed_at,
            argMax(code, per.closed_at) AS close_code,
            argMax(by_end, per.closed_at) AS closed_by,
            argMax(deliberate, per.closed_at) AS close_deliberate,
            countIf(unannounced AND dateDiff('second', per.closed_at, {at:DateTime64(3)}) < ${CLOSES_S}) AS closes,
            arrayMap(x -> x.2, arraySlice(arraySort(groupArrayIf((per.closed_at, assumeNotNull(lived_ms)), unannounced AND lived_ms IS NOT NULL)), -3)) AS lifetimes_ms,
            toBool(length(lifetimes_ms) = 3 AND arrayMax(lifetimes_ms) - arrayMin(lifetimes_ms) <= 0.25 * arrayMax(lifetimes_ms)) AS lifetimes_alike,
            countIf(by_end = 'transport' AND unannounced) AS closes_by_transport,
            countIf(by_end = 'server' AND unannounced) AS closes_by_server,
            countIf(monitored AND unannounced) AS closes_for_heartbeat
        FROM
        (
            SELECT
                channel_id,
                if(connection_id = '', toString(toStartOfInterval(seen_at, INTERVAL 5 SECOND)), connection_id) AS session,
                min(e.seen_at) AS closed_at,
                max(e.lifetime_ms) AS lived_ms,
                max(e.close_code) AS code,
                multiIf(
                    countIf(close_initiator = 'self') > 0, anyIf(channel_end, close_initiator = 'self'),
                    countIf(close_initiator = 'transport') > 0, 'transport',
                    countIf(close_initiator = 'peer') > 0, if(anyIf(channel_end, close_initiator = 'peer') = 'agent', 'server', 'agent'),
                    '') AS by_end,
                ifNull(code NOT IN (${RESTART_CODES}), true) AS unannounced,
                -- an end that said good-bye is not missed: normal closure, or an application's own code
                toBool(ifNull(code = 1000 OR code >= 4000, false) AND by_end IN ('agent', 'server')) AS deliberate,
                countIf(match(lower(close_reason), 'heartbeat|keepalive|ping timeout|inactiv')) > 0 AS monitored
            FROM events AS e
            WHERE event = 'close'
            GROUP BY channel_id, session
        ) AS per
        GROUP BY channel_id
    `;
