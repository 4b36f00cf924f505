import { clickhouseTime, quoted } from '@halfopen/store';
import {
  agentsTell,
  BLOCKED_MS,
  isOpen,
  openForS,
  quietLimitS,
  quietS,
  serverService,
  speaking,
} from '../signals/derive.js';
import type { ChannelSignals, EndName, EndSignals } from '../signals/signals.js';
import { FLOOR_S, OVERDUE_S, RECENT_S } from '../signals/windows.js';
import { waitingExecutions } from './delivery.js';
import {
  clock,
  count,
  duration,
  factSql,
  notSo,
  OTHER,
  seen,
  silent,
  unobserved,
  type ProbeDefinition,
  type Reading,
} from './probe.js';

/** Work that hangs for so long is stuck, not slow: two monitor periods of half a minute. */
export const HANGING_S = 60;

/** How long work may run at an end before it counts as stuck, s: less where work that came behind it is overdue as well. */
export function hangingS(end: EndName, said: EndSignals): number {
  const waiting = end === 'agent' ? waitingExecutions(said) : said.beat_executions_overdue;
  return (waiting ?? 0) >= WAITING_MIN ? OVERDUE_S : HANGING_S;
}

/** One frame may be the one that runs. */
const WAITING_MIN = 2;

/** A frame that has waited so long for its write is stalled: a healthy write takes milliseconds. */
const STALLED_MS = 10_000;

/** Does the end claim to be connected while its read loop is dead? */
export function readerDead(end: EndName): ProbeDefinition {
  return claimProbe(end, 'reader', 'read loop');
}

/** Does the end claim to be connected while its handler is dead? */
export function handlerDead(end: EndName): ProbeDefinition {
  return claimProbe(end, 'handler', 'handler');
}

function claimProbe(end: EndName, part: 'reader' | 'handler', words: string): ProbeDefinition {
  return {
    group: `${end}-${part}`,
    question: `Does the ${end} claim to be connected while its ${words} is not alive?`,
    measure: {
      action: `Look at the ${end} process: does its ${words} still run (have the ${end} end report channel.${part}.alive)?`,
      yes: `the ${end}'s ${words} has ended`,
      no: `the ${end}'s ${words} runs`,
    },
    read(signals) {
      const said = speaking(signals, end);
      if (said === undefined)
        return unobserved(`whether the ${end}'s ${words} runs: ${silent(signals, end)}`);
      const alive = said[`${part}_alive`];
      if (alive === null)
        return unobserved(`whether the ${end}'s ${words} runs: the ${end} end does not report it`);
      const sql = factSql(signals, 'ends', `connected, ${part}_alive, ${part}_alive_ms`, end);
      if (!said.connected || alive === 1) return notSo(`the ${end} says that its ${words} runs`, sql);
      const last_ms = said[`${part}_alive_ms`];
      const since =
        last_ms > 0 ? `since ${clock(last_ms)} at the latest` : 'and never said otherwise on this connection';
      // The first state without it comes within an interval of the last one with it.
      const since_ms = last_ms > 0 ? last_ms + (said.state_interval_ms ?? 10_000) : said.connected_ms;
      return seen(
        `the ${end} claims to be connected while its ${words} is not alive, ${since}`,
        sql,
        since_ms,
      );
    },
  };
}

/** Do frames wait at the end, or writes hang? */
export function writesStall(end: EndName): ProbeDefinition {
  return {
    group: `${end}-writes`,
    question: `Do frames wait at the ${end} without being written?`,
    measure: {
      action: `Watch the ${end}'s outgoing queue and its socket writes (channel.queue.*, frame.socket_write at the ${end} end).`,
      yes: `writes at the ${end} do not complete`,
      no: `writes at the ${end} complete`,
    },
    read(signals) {
      const said = speaking(signals, end);
      const hung = signals.pending[end]?.writes ?? 0;
      if (said === undefined)
        return unobserved(`whether the ${end}'s writes complete: ${silent(signals, end)}`);
      if (hung > 0) {
        const sql = pendingSql(signals, 'writes, oldest_write_at', end);
        return seen(
          `${count(hung, 'write')} of the ${end} began, the first at ${clock(signals.pending[end]?.oldest_write_ms ?? 0)}, and did not end`,
          sql,
          signals.pending[end]?.oldest_write_ms ?? undefined,
        );
      }
      if (said.queue_depth === null)
        return unobserved(`whether the ${end}'s writes complete: the ${end} end does not report its queue`);
      const sql = factSql(signals, 'ends', 'queue_depth, queue_oldest_ms', end);
      const oldest_ms = said.queue_oldest_ms ?? 0;
      if (said.queue_depth > 0 && oldest_ms >= STALLED_MS) {
        return seen(
          `${count(said.queue_depth, 'frame')} wait at the ${end} to be written, the oldest for ${duration(oldest_ms / 1000)}`,
          sql,
          said.state_ms - oldest_ms,
        );
      }
      return notSo(
        `the ${end}'s writes complete: ${said.queue_depth === 0 ? 'nothing waits in its queue' : `the oldest frame in its queue is ${oldest_ms} ms old`}`,
        sql,
      );
    },
  };
}

/** Of the present connection alone: what hangs on one that has been given up is no matter. */
function pendingSql(signals: ChannelSignals, columns: string, end: EndName): string {
  const connection = quoted(signals.pending[end]?.connection_id ?? '');
  return `${factSql(signals, 'pending', columns, end)} AND connection_id = ${connection}`;
}

/** Have control frames stopped leaving the end, though they used to? */
export function controlWritesStall(end: EndName): ProbeDefinition {
  return {
    group: `${end}-writes`,
    question: `Have the ${end}'s control frames stopped leaving?`,
    measure: {
      action: `Count the pings and pongs that the ${end} writes (channel.tx.control at the ${end} end).`,
      yes: `nothing leaves the ${end} at all`,
      no: `control frames still leave the ${end}: only its other frames stall`,
    },
    read(signals) {
      const said = speaking(signals, end);
      if (said === undefined)
        return unobserved(`whether control frames still leave the ${end}: ${silent(signals, end)}`);
      if (!isOpen(signals) || said.tx_control === null || said.tx_control === 0) {
        return unobserved(
          `whether control frames still leave the ${end}: it has written none on this connection`,
        );
      }
      const quiet_s = quietS(said, 'tx_control') ?? 0;
      const sql = factSql(signals, 'ends', 'tx_control, tx_control_moved_ms, now_ms', end);
      return quiet_s >= quietLimitS(said, 'tx_control')
        ? seen(
            `the ${end} has written no control frame for ${duration(quiet_s)}`,
            sql,
            said.tx_control_moved_ms,
          )
        : notSo(
            `control frames leave the ${end}: ${said.tx_control} so far, the last by ${clock(said.tx_control_moved_ms)}`,
            sql,
            said.tx_control_moved_ms,
          );
    },
  };
}

/** Has the end received nothing at all for a while? */
export function hearsNothing(end: EndName): ProbeDefinition {
  return {
    group: `${end}-hears`,
    question: `Does the ${end} receive nothing at all?`,
    measure: {
      action: `Count what arrives at the ${end} (channel.rx.* at the ${end} end, or a relay's tap before it).`,
      yes: `nothing arrives at the ${end}`,
      no: `frames arrive at the ${end}`,
    },
    read(signals) {
      const said = speaking(signals, end);
      if (said === undefined)
        return unobserved(`whether anything arrives at the ${end}: ${silent(signals, end)}`);
      const quiet_s = isOpen(signals) ? quietS(said, 'rx_any') : null;
      if (quiet_s === null)
        return unobserved(`whether anything arrives at the ${end}: it counts nothing, or is not connected`);
      const sql = factSql(signals, 'ends', 'rx_any, rx_any_moved_ms, now_ms', end);
      const due = quiet_s >= quietLimitS(said, 'rx_any');
      if (!due && (said.rx_any ?? 0) > 0)
        return notSo(
          `the ${end} receives: ${count(said.rx_any ?? 0, 'frame')} on this connection, the last by ${clock(said.rx_any_moved_ms)}`,
          sql,
          said.rx_any_moved_ms,
        );
      if (!due || !owedSomething(signals, end)) {
        return unobserved(`whether anything arrives at the ${end}: nothing was due to arrive yet`);
      }
      return seen(`the ${end} has received nothing for ${duration(quiet_s)}`, sql, said.rx_any_moved_ms);
    },
  };
}

/** Was something under way to the end: the other end wrote, or it used to hear on this connection? */
function owedSomething(signals: ChannelSignals, end: EndName): boolean {
  const other = speaking(signals, OTHER[end]);
  if (other !== undefined) return (other.tx_any ?? 0) > 0 || (other.queue_depth ?? 0) > 0;
  return (signals.ends[end]?.rx_any ?? 0) > 0;
}

/** Does an execution begin at the end and not come to its end? */
export function executionHangs(end: EndName): ProbeDefinition {
  return {
    group: `${end}-handler`,
    question: `Does a handler at the ${end} begin and not end?`,
    measure: {
      action: `Look at the handlers at the ${end}: is one running for long (channel.executing, pending frame.execute spans)?`,
      yes: `a handler at the ${end} is stuck`,
      no: `no handler at the ${end} is running for long`,
    },
    read(signals) {
      const said = speaking(signals, end);
      if (said === undefined)
        return unobserved(`whether a handler at the ${end} hangs: ${silent(signals, end)}`);
      const hung = signals.pending[end];
      const began_ms = hung?.oldest_execution_ms ?? undefined;
      if (
        hung !== undefined &&
        hung.executions > 0 &&
        began_ms !== undefined &&
        said.now_ms - began_ms >= hangingS(end, said) * 1000
      ) {
        const sql = pendingSql(signals, 'executions, oldest_execution_at', end);
        return seen(
          `${count(hung.executions, 'execution')} began at the ${end}, the first at ${clock(began_ms)}, and did not end`,
          sql,
        );
      }
      if (said.executing === null)
        return unobserved(
          `whether a handler at the ${end} hangs: the ${end} end does not report running handlers`,
        );
      // Who does not count what has ended tells by what runs at every state.
      if (said.executed === null && said.executing_floor > 0 && openForS(signals) > FLOOR_S)
        return seen(
          `at every report of the ${end} in the last minute handlers were running, ${said.executing_floor} at least`,
          factSql(signals, 'ends', 'executing_floor', end),
        );
      const sql = factSql(signals, 'ends', 'executing, executed, executed_moved_ms, now_ms', end);
      const quiet_s = quietS(said, 'executed') ?? 0;
      return said.executing > 0 && quiet_s >= hangingS(end, said)
        ? seen(
            `${count(said.executing, 'handler')} run at the ${end} and none has ended for ${duration(quiet_s)}`,
            sql,
          )
        : notSo(`no handler hangs at the ${end}: ${said.executing} running now`, sql);
    },
  };
}

/** Has the process of the end been unable to turn its event loop? */
export function eventLoopBlocked(end: EndName): ProbeDefinition {
  return {
    group: `${end}-event-loop`,
    question: `Is the event loop of the ${end} process blocked?`,
    measure: {
      action: `Measure the lag of the ${end} process's event loop (process.event_loop.lag_ms).`,
      yes: `the ${end} process computes and does not turn its loop`,
      no: `the ${end} process turns its loop`,
    },
    read(signals) {
      // A loop that does not turn reports late: what it said last still counts.
      const said = signals.ends[end];
      const recent = said !== undefined && signals.instant_ms - said.state_ms < RECENT_S * 1000;
      const own_ms = recent ? said.event_loop_lag_peak_ms : -1;
      // A server has one loop for all of its channels.
      const service = serverService(signals);
      const fleet_ms = end === 'server' ? (signals.fleet.server_lag_ms.get(service) ?? -1) : -1;
      const lag_ms = Math.max(own_ms, fleet_ms);
      if (lag_ms < 0)
        return unobserved(
          `whether the ${end}'s event loop turns: ${recent ? `the ${end} end does not report its lag` : silent(signals, end)}`,
        );
      const sql =
        own_ms >= fleet_ms
          ? factSql(signals, 'ends', 'event_loop_lag_peak_ms', end)
          : serverLagSql(signals, service);
      return lag_ms >= BLOCKED_MS
        ? seen(
            `the ${end}'s event loop lagged by up to ${duration(lag_ms / 1000)} in the last two minutes`,
            sql,
          )
        : notSo(`the ${end}'s event loop turns (lag at most ${lag_ms} ms in the last two minutes)`, sql);
    },
  };
}

function serverLagSql({ instant_ms }: ChannelSignals, service: string): string {
  const at = `toDateTime64('${clickhouseTime(instant_ms)}', 3)`;
  return `SELECT toInt32(max(event_loop_lag_ms)) AS event_loop_lag_peak_ms
FROM channel_states
WHERE channel_end = 'server' AND service = ${quoted(service)} AND seen_at <= ${at} AND seen_at > ${at} - INTERVAL ${RECENT_S} SECOND`;
}

/** Did frames arrive at the end that it could not take: malformed, nowhere to go, or their handler failed? */
export function errorsGrow(
  end: EndName,
  error: 'rx_decode_errors' | 'rx_unrouted' | 'handler_errors',
): ProbeDefinition {
  const words = {
    rx_decode_errors: ['could not be decoded', 'decode errors'],
    rx_unrouted: ['found no handler', 'frames without a handler'],
    handler_errors: ['made their handler fail', 'handler errors'],
  }[error];
  return {
    group: `${end}-${error}`,
    question: `Do frames arrive at the ${end} that ${words[0]}?`,
    measure: {
      action: `Count the ${words[1]} at the ${end} (channel.${error === 'handler_errors' ? 'handler.errors' : error.replace('rx_', 'rx.')}).`,
      yes: `frames arrive at the ${end} and ${words[0]}`,
      no: `no ${words[1]} at the ${end}`,
    },
    read(signals) {
      const said: EndSignals | undefined = speaking(signals, end);
      if (said === undefined)
        return unobserved(`whether frames ${words[0]} at the ${end}: ${silent(signals, end)}`);
      const recent = said[`${error}_recent`];
      if (recent === null)
        return unobserved(`whether frames ${words[0]} at the ${end}: the ${end} end does not count it`);
      const sql = factSql(signals, 'ends', `${error}, ${error}_recent`, end);
      return recent > 0
        ? seen(`${count(recent, 'frame')} arrived at the ${end} in the last two minutes and ${words[0]}`, sql)
        : notSo(`no frame that arrived at the ${end} lately ${words[0]}`, sql);
    },
  };
}

/** Does telemetry of the end fail to arrive, though it used to, or should? */
export function endSilent(end: EndName): ProbeDefinition {
  return {
    group: `${end}-telemetry`,
    question: `Is the ${end} end silent?`,
    measure: {
      action: `Look whether the ${end} process runs, and whether its telemetry exporter does.`,
      yes: `the ${end} process is not there`,
      no: `the ${end} process runs`,
    },
    read(signals): Reading {
      const said = signals.ends[end];
      const sql = factSql(signals, 'ends', 'channel_end, state_ms, connected');
      if (speaking(signals, end) !== undefined) return notSo(`the ${end} end sends telemetry`, sql);
      // Failed ones: who had succeeded and lives would tell of the connection.
      const attempts = end === 'agent' ? (signals.connections?.attempts_failed_by_agent ?? 0) : 0;
      if (attempts > 0)
        return notSo(
          `the agent end tells of ${count(attempts, 'attempt')} to connect that failed in the last two minutes`,
          factSql(signals, 'connections', 'attempts_failed_by_agent'),
        );
      // Servers speak of open connections; of one that is closed there is nothing to say.
      if (end === 'server' && said !== undefined && (signals.connections?.closed_ms ?? 0) >= said.state_ms)
        return unobserved(
          'whether the server process runs: it speaks of open connections, and this one is closed',
        );
      if (said !== undefined)
        return seen(`the ${end} end has sent no telemetry since ${clock(said.state_ms)}`, sql);
      if (end === 'agent' && !agentsTell(signals))
        return unobserved('whether the agent process runs: the agents of this server send no telemetry');
      return end === 'agent' && signals.expectation?.expected === true && !isOpen(signals)
        ? seen('the inventory expects the agent, and it has sent no telemetry at all', sql)
        : unobserved(`whether the ${end} process runs: it has sent no telemetry about the channel`);
    },
  };
}
