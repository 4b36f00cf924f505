import { column, selectList } from './column.js';
import { AT_MS, FLEET_ENDS, fromTuples, IN_WINDOW } from './fleet-ends.js';
import { CROSSED_S, OVERDUE_MIN, QUIET_S, STALE_STATE_S, STALLED_S } from './windows.js';

/**
 * View `fleet_at(at)`: one row per channel, the state in which it was at an instant. For people: lists, dashboards, SQL.
 * It speaks the words of `CHANNEL_STATES` and `DIRECTION_STATES`, with the thresholds of the rules; a rule looks closer
 * (it waits, asks both ends, and allows for a lone overdue command), so a word here is no incident.
 */
export function fleetAtView(): string {
  return `CREATE OR REPLACE VIEW fleet_at AS
SELECT
${fromTuples(selectList(FLEET))}
FROM
(
${judged(`FROM (${FLEET_ENDS}) AS ends
-- channels that no end speaks of are known by their attempts, or by the inventory alone
FULL JOIN (${ATTEMPTS}) AS attempts USING (channel_id)
FULL JOIN (${EXPECTED}) AS inventory USING (channel_id)
LEFT JOIN (${HEARTBEATS}) AS heartbeats USING (channel_id)`)}
)`;
}

/** View `fleet`: the same, now. */
export function fleetView(): string {
  const columns = FLEET.map(
    ({ name, type, meaning }) => `    ${name} ${type} COMMENT '${meaning.replaceAll("'", "''")}'`,
  );
  return `CREATE OR REPLACE VIEW fleet
(
${columns.join(',\n')}
)
AS SELECT * FROM fleet_at(at = now64(3))
COMMENT 'one row per channel: its state now; fleet_at(at = ...) tells of another instant'`;
}

const inWindow = (table: string): string => `FROM ${table}
    WHERE ${IN_WINDOW}`;

const ATTEMPTS = `
    SELECT
        channel_id,
        argMax(site, seen_at) AS c_site,
        argMax(gateway, seen_at) AS c_gateway,
        argMax(agent_version, seen_at) AS c_agent_version,
        maxIf(seen_at, event = 'close') AS closed_at,
        maxIf(seen_at, event = 'connect' AND outcome = 'ok') AS opened_at,
        argMaxIf(outcome, seen_at, event = 'connect') AS last_attempt
    ${inWindow('connection_events')}
    GROUP BY channel_id
`;

const EXPECTED = `
    SELECT channel_id, site AS i_site, gateway AS i_gateway, agent_version AS i_agent_version, expected AS is_expected
    FROM expectation_signals(at = {at:DateTime64(3)}, channel = '')
`;

/** To the second; the counters know them to a state interval. */
const HEARTBEATS = `
    SELECT channel_id, maxIf(toUnixTimestamp64Milli(seen_at), channel_end = 'server' AND stage = 'receive' AND outcome IN ('ok', '')) AS beat_ms
    ${inWindow('heartbeat_stages')}
    GROUP BY channel_id
`;

/** Growth, in the last two minutes, of what one end wrote and the other did not receive, as `transit` of derive.ts has it. */
const lost = (sender: string, receiver: string, what: 'commands' | 'frames'): string =>
  `if(crossing AND ${receiver}_state_ms >= ${sender}_now_ms - ${CROSSED_S * 1000} AND ${receiver}_${what}_received IS NOT NULL,
        greatest(0, greatest(0, ${sender}_${what}_settled - ifNull(${receiver}_${what}_received, 0))
            - greatest(0, ${sender}_${what}_settled_before - ${receiver}_${what}_received_before)), 0)`;

const speaks = (end: string): string =>
  `toBool(${end}_state_ms > 0 AND ${AT_MS} - ${end}_state_ms < ${STALE_STATE_S * 1000})`;
const moves = (end: string, counter: string): string =>
  `ifNull(${end}_${counter} > 0 AND ${end}_now_ms - ${end}_${counter}_moved_ms < ${QUIET_S * 1000}, false)`;
const overdue = (some: string, long: string): string =>
  `ifNull(${some} >= ${OVERDUE_MIN}, false) OR ifNull(${long} >= 1, false)`;
const queueStalls = (end: string): string =>
  `ifNull(${end}_queue_depth > 0 AND ${end}_queue_oldest_ms >= ${STALLED_S * 1000}, false)`;

/** What is missing in a direction, as `asymmetric-channel` and `zombie-handler` look at it; the first that holds. */
const TO_AGENT_MISSES = `multiIf(
        NOT is_open, '',
        agent_speaks AND a_reader_alive = 0, 'the agent''s reader is dead',
        agent_speaks AND a_handler_alive = 0, 'the agent''s handler is dead',
        agent_speaks AND (${overdue('a_executions_overdue - ifNull(a_executing, 0)', 'a_executions_long_overdue - ifNull(a_executing, 0)')})
            AND NOT (ifNull(a_replies_overdue = 0, false) AND ifNull(a_executing > 0, false)), 'commands are received and not executed',
        server_speaks AND acknowledging AND (${overdue('s_acks_overdue', 's_acks_long_overdue')}) AND NOT executes, 'commands are written and not acknowledged',
        lost_commands >= ${OVERDUE_MIN}, 'commands are lost on the way',
        server_speaks AND ${queueStalls('s')}, 'frames are not written by the server',
        '')`;
const TO_SERVER_MISSES = `multiIf(
        NOT is_open, '',
        server_speaks AND s_reader_alive = 0, 'the server''s reader is dead',
        server_speaks AND s_handler_alive = 0, 'the server''s handler is dead',
        lost_frames >= ${OVERDUE_MIN}, 'frames are lost on the way',
        agent_speaks AND ${queueStalls('a')}, 'frames are not written by the agent',
        server_speaks AND acknowledging AND executes AND (${overdue('s_acks_overdue', 's_acks_long_overdue')}), 'acknowledgements do not arrive',
        '')`;

/** How a direction does: by its receiver's own count, or by what its sender got in answer. */
const direction = (
  receiver: string,
  sender: string,
  receiverSpeaks: string,
  senderSpeaks: string,
  misses: string,
): string =>
  `multiIf(
        ${misses} != '', 'fails',
        ${receiverSpeaks} ? ${moves(receiver, 'rx_any')} : ${senderSpeaks} AND (${moves(sender, 'rx_control')} OR ${moves(sender, 'rx_acks')}), 'works',
        ${receiverSpeaks} AND ${receiver}_rx_any IS NOT NULL, 'quiet',
        'unseen')`;

/**
 * One step of the judgement a query, each over the one before: the engine writes an alias out wherever it is used, and
 * its planning would take a second.
 */
const STEPS = [
  `
    ${speaks('s')} AS server_speaks,
    ${speaks('a')} AS agent_speaks,
    toBool(s_state_ms > 0 AND NOT server_speaks) AS server_gone,
    toBool(a_state_ms > 0 AND NOT agent_speaks) AS agent_gone`,
  `
    toBool((server_speaks OR agent_speaks) AND (NOT server_speaks OR s_connected) AND (NOT agent_speaks OR a_connected)) AS is_open,
    toBool(server_speaks AND agent_speaks AND s_connected AND a_connected
        AND (s_connection_id = '' OR a_connection_id = '' OR s_connection_id = a_connection_id)) AS crossing,
    -- the agent does its part: an acknowledgement that is missing then is missing on its way back
    toBool(agent_speaks AND ifNull(a_executions_overdue = 0, false) AND ${moves('a', 'executed')}) AS executes`,
  `
    ${lost('s', 'a', 'commands')} AS lost_commands,
    ${lost('a', 's', 'frames')} AS lost_frames`,
  `
    ${TO_AGENT_MISSES} AS to_agent_misses,
    ${TO_SERVER_MISSES} AS to_server_misses`,
  `
    ${direction('a', 's', 'agent_speaks', 'server_speaks', 'to_agent_misses')} AS way_to_agent,
    ${direction('s', 'a', 'server_speaks', 'agent_speaks', 'to_server_misses')} AS way_to_server`,
  `
    multiIf(
        is_open AND (way_to_agent = 'fails') != (way_to_server = 'fails') AND (way_to_agent = 'works' OR way_to_server = 'works'), 'asymmetric',
        is_open AND (way_to_agent = 'fails' OR way_to_server = 'fails'), 'stalled',
        is_open, 'up',
        -- silence denies nothing: without a word of an end, or of its close, the last claim stands
        server_speaks OR agent_speaks, 'down',
        closed_at >= greatest(fromUnixTimestamp64Milli(toInt64(greatest(s_state_ms, a_state_ms))), opened_at), 'down',
        s_connected OR a_connected, 'silent',
        'down') AS state_word`,
];

const judged = (from: string): string =>
  STEPS.reduce((inner, step) => `SELECT *,${fromTuples(step)}\nFROM\n(\n${inner}\n)`, `SELECT *\n${from}`);

const first = (...names: readonly string[]): string => `arrayFirst(x -> x != '', [${names.join(', ')}])`;
const moment = (ms: string): string => `fromUnixTimestamp64Milli(nullIf(toInt64(${ms}), 0))`;
/** When the counter last moved; 0 where it never did. */
const moved = (counter: string): string => `if(ifNull(${counter}, 0) > 0, ${counter}_moved_ms, 0)`;
/** The last arrival at an end, by its own count, else by what the other end got in answer. */
const arrived = (receiver: string, sender: string): string =>
  moment(
    `if(ifNull(${receiver}_rx_any, 0) > 0, ${receiver}_rx_any_moved_ms, greatest(${moved(`${sender}_rx_acks`)}, ${moved(`${sender}_rx_control`)}))`,
  );
const larger = (gauge: string): string =>
  `if(server_speaks OR agent_speaks, greatest(ifNull(s_${gauge}, 0), ifNull(a_${gauge}, 0)), NULL)`;

interface FleetColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: string;
  readonly meaning: string;
}

const said = (name: string, type: string, sql: string, meaning: string): FleetColumn => ({
  ...column(name, sql, meaning),
  type,
});

/** Every column, in the order in which a reader asks. */
const FLEET: readonly FleetColumn[] = [
  said('channel_id', 'String', 'channel_id', 'the logical channel'),
  said('state', 'String', 'state_word', 'asymmetric, stalled, down, silent or up'),
  said(
    'why',
    'String',
    `multiIf(state_word IN ('asymmetric', 'stalled'), arrayStringConcat(arrayFilter(x -> x != '', [to_agent_misses, to_server_misses]), '; '),
            state_word = 'down' AND last_attempt NOT IN ('', 'ok'), 'last attempt: ' || last_attempt,
            state_word = 'down' AND is_expected AND s_state_ms = 0 AND a_state_ms = 0, 'expected, and no end has spoken', '')`,
    'what is missing, in words; empty where nothing is',
  ),
  said(
    'to_agent',
    'String',
    `if(is_open, way_to_agent, '')`,
    'how the direction does: fails, works, quiet or unseen; empty where the channel is not open',
  ),
  said(
    'to_server',
    'String',
    `if(is_open, way_to_server, '')`,
    'how the direction does: fails, works, quiet or unseen; empty where the channel is not open',
  ),
  said('site', 'String', first('a_site', 's_site', 'c_site', 'i_site'), 'channel.site'),
  said(
    'agent_version',
    'String',
    first('a_agent_version', 's_agent_version', 'c_agent_version', 'i_agent_version'),
    'channel.agent.version',
  ),
  said('gateway', 'String', first('a_gateway', 's_gateway', 'c_gateway', 'i_gateway'), 'channel.gateway'),
  said('transport', 'String', first('a_transport', 's_transport'), 'channel.transport'),
  said(
    'last_to_agent_at',
    'Nullable(DateTime64(3))',
    arrived('a', 's'),
    'last frame that is known to have arrived at the agent, to a state interval; NULL where none is',
  ),
  said(
    'last_to_server_at',
    'Nullable(DateTime64(3))',
    arrived('s', 'a'),
    'last frame that is known to have arrived at the server, to a state interval; NULL where none is',
  ),
  said(
    'queue_depth',
    'Nullable(UInt64)',
    larger('queue_depth'),
    'outgoing frames not yet written, at the end that has more',
  ),
  said('queue_oldest_ms', 'Nullable(UInt64)', larger('queue_oldest_ms'), 'age of the oldest of them, ms'),
  said(
    'heartbeat_age_s',
    'Nullable(Float64)',
    `(${AT_MS} - nullIf(toInt64(greatest(beat_ms, ${moved('s_rx_heartbeats')})), 0)) / 1000`,
    's since the server last received a heartbeat; NULL where none is known',
  ),
  said(
    'connection_id',
    'String',
    first('s_connection_id', 'a_connection_id'),
    'the present transport session',
  ),
  said(
    'connected_at',
    'Nullable(DateTime64(3))',
    moment('if(is_open, if(s_connected_ms > 0, s_connected_ms, a_connected_ms), 0)'),
    'since when it is claimed open, as far as the window shows',
  ),
  said('server_seen_at', 'Nullable(DateTime64(3))', moment('s_state_ms'), 'last word of the server about it'),
  said('agent_seen_at', 'Nullable(DateTime64(3))', moment('a_state_ms'), 'last word of the agent'),
  said(
    'silent_end',
    'String',
    `multiIf(server_gone AND agent_gone, 'both', server_gone, 'server', agent_gone, 'agent', '')`,
    'the end that has spoken before and no longer does: server, agent or both',
  ),
  said('expected', 'Bool', 'toBool(is_expected)', "is it in its server's inventory"),
];
