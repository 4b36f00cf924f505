import {
  crossing,
  moves,
  onDifferentConnections,
  quietS,
  speaking,
  transit,
  uncountedCommands,
  writesElsewhere,
} from '../signals/derive.js';
import type { CrossingClass } from '../signals/end-signals.js';
import type { ChannelSignals, EndName, EndSignals } from '../signals/signals.js';
import { CROSSING_S, OVERDUE_S, QUIET_S } from '../signals/windows.js';
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

/** Progress this young still speaks for work that is not being asked for just now. */
const WORKED_LATELY_S = 300;

/** Are commands that the server wrote left without an acknowledgement? */
export const acksMissing: ProbeDefinition = {
  group: 'command-acks',
  question: 'Do commands that the server has written stay unacknowledged?',
  measure: {
    action: "Count commands written and acknowledgements received at the server's end.",
    yes: 'commands are written and not acknowledged',
    no: 'commands are acknowledged',
  },
  read(signals) {
    const server = speaking(signals, 'server');
    if (server === undefined)
      return unobserved(`whether commands are acknowledged: ${silent(signals, 'server')}`);
    if (server.acks_overdue === null || !signals.fleet.acknowledging.has(server.service)) {
      return unobserved(
        'whether commands are acknowledged: no channel of this server has ever had an acknowledgement',
      );
    }
    const sql = factSql(
      signals,
      'ends',
      'acks_due, acks_overdue, acks_long_overdue, tx_commands, rx_acks, rx_acks_moved_ms',
      'server',
    );
    if (server.acks_overdue > 0) {
      const since =
        (server.rx_acks ?? 0) > 0
          ? `since the last acknowledgement, which came by ${clock(server.rx_acks_moved_ms)}`
          : 'on this connection, and none was ever acknowledged';
      return seen(
        `${count(server.acks_due ?? 0, 'command')} were written ${since}; ${server.acks_overdue} of them more than ${OVERDUE_S} s ago`,
        sql,
        (server.rx_acks ?? 0) > 0 ? server.rx_acks_moved_ms : server.connected_ms,
      );
    }
    const quiet_s = quietS(server, 'rx_acks');
    if ((server.rx_acks ?? 0) > 0 && quiet_s !== null && quiet_s < WORKED_LATELY_S) {
      return notSo(
        `commands are acknowledged: ${server.rx_acks ?? 0} so far, the last by ${clock(server.rx_acks_moved_ms)}`,
        sql,
        server.rx_acks_moved_ms,
      );
    }
    return unobserved('whether commands are acknowledged: none has been due lately');
  },
};

/** Do pings stay without their pong? */
export const pingsUnanswered: ProbeDefinition = {
  group: 'pongs',
  question: "Do the server's pings stay unanswered?",
  measure: {
    action: 'Log pongs at the server (channel.rx.control at the server end), for one affected agent.',
    yes: 'pings are written and no pong comes back: the connection is half open',
    no: 'pings are answered: bytes travel both ways',
  },
  read(signals) {
    const server = speaking(signals, 'server');
    if (server === undefined) return unobserved(`whether pings are answered: ${silent(signals, 'server')}`);
    if (server.pongs_overdue === null || (server.tx_control ?? 0) === 0) {
      return unobserved('whether pings are answered: the server has counted none on this connection');
    }
    const sql = factSql(
      signals,
      'ends',
      'pongs_due, pongs_overdue, tx_control, rx_control, rx_control_moved_ms',
      'server',
    );
    if (moves(server, 'rx_control') === true && server.pongs_overdue === 0) {
      return notSo(
        `pongs come back: ${server.rx_control ?? 0} so far, the last by ${clock(server.rx_control_moved_ms)}`,
        sql,
        server.rx_control_moved_ms,
      );
    }
    if (server.pongs_overdue > 0) {
      return seen(
        `${count(server.pongs_due ?? 0, 'control frame')} were written since the last pong; ${server.pongs_overdue} of them more than ${OVERDUE_S} s ago`,
        sql,
        (server.rx_control ?? 0) > 0 ? server.rx_control_moved_ms : server.connected_ms,
      );
    }
    return unobserved('whether pings are answered: none has been due lately');
  },
};

/** Do commands that arrived at the agent wait without being executed, or without being acknowledged? */
export function commandsWait(name: 'executions' | 'replies'): ProbeDefinition {
  const done = name === 'executions' ? 'executed' : 'acknowledged';
  return {
    group: `agent-${name}`,
    question: `Do commands that have arrived at the agent stay without being ${done}?`,
    measure: {
      action:
        "Count, at the agent's end, commands received and commands executed and acknowledged (agent telemetry, or a relay's tap at its site).",
      yes: `the commands arrive at the agent and are not ${done}: the fault is in the agent`,
      no: `commands that arrive are ${done}: they are lost before, or their answer behind`,
    },
    read(signals) {
      const agent = speaking(signals, 'agent');
      if (agent === undefined)
        return unobserved(
          `whether the agent received the commands, and what it did with them: ${silent(signals, 'agent')}`,
        );
      const due = agent.executions_due ?? 0;
      const overdue = name === 'executions' ? waitingExecutions(agent) : agent.replies_overdue;
      if (overdue === null)
        return unobserved(`whether commands are ${done}: the agent end does not count it`);
      const sql = factSql(
        signals,
        'ends',
        'rx_commands, executed, executing, tx_acks, executions_due, executions_overdue, replies_overdue',
        'agent',
      );
      if (
        name === 'replies' &&
        !signals.fleet.acknowledging.has(signals.ends.server?.service ?? agent.service) &&
        (agent.rx_acks ?? 0) === 0 &&
        overdue > 0
      ) {
        return unobserved('whether commands are acknowledged: nobody on this fleet acknowledges');
      }
      if (overdue > 0) {
        return seen(
          `the agent has received ${count(Math.max(due, overdue), 'command')} that it has not ${done}; ${overdue} of them more than ${OVERDUE_S} s ago`,
          sql,
        );
      }
      if ((agent.rx_commands ?? 0) === 0)
        return unobserved(`whether commands are ${done}: none has arrived at the agent on this connection`);
      return notSo(
        `the agent has ${done} what it received (${agent.rx_commands ?? 0} commands on this connection)`,
        sql,
        agent.executed_moved_ms,
      );
    },
  };
}

/** Commands older than `OVERDUE_S` whose execution has not even begun. */
export function waitingExecutions(agent: EndSignals): number | null {
  return agent.executions_overdue === null
    ? null
    : Math.max(0, agent.executions_overdue - (agent.executing ?? 0));
}

/** Do frames of a class, written on one side, not arrive on the other? */
export function lostOnTheWay(to: EndName, name: CrossingClass, noun: string): ProbeDefinition {
  const from = OTHER[to];
  return {
    group: `to-${to}-${name === 'control' ? 'control' : 'frames'}`,
    question: `Are ${noun}s lost between the ${from} and the ${to}?`,
    measure: {
      action: `Count the ${noun}s that arrive at the ${to}, against those that the ${from} wrote (telemetry of both ends, or a relay's tap).`,
      yes: `${noun}s are lost on the way to the ${to}`,
      no: `${noun}s arrive at the ${to}`,
    },
    read(signals): Reading {
      const crossed = transit(signals, to, name);
      if (crossed === undefined)
        return unobserved(
          `whether ${noun}s written by the ${from} arrive at the ${to}: ${whyNotCrossing(signals)}`,
        );
      const sql = factSql(signals, 'ends', 'channel_end, tx_settled, tx_settled_before, rx_now, rx_before');
      if (crossed.lost > 0)
        return seen(
          `${count(crossed.lost, noun)} that the ${from} wrote in the last two minutes did not arrive at the ${to}`,
          sql,
        );
      const uncounted = to === 'agent' && name === 'commands' ? uncountedCommands(signals) : 0;
      if (uncounted > 0)
        return unobserved(
          `whether ${noun}s written by the ${from} arrive at the ${to}: ${count(uncounted, 'overdue one')} not counted there yet, ${CROSSING_S} s are allowed for clocks apart`,
        );
      if (crossed.sent > 0)
        return notSo(
          `the ${count(crossed.sent, noun)} that the ${from} wrote lately arrived at the ${to}`,
          sql,
          signals.instant_ms - CROSSING_S * 1000,
        );
      return unobserved(
        `whether ${noun}s written by the ${from} arrive at the ${to}: none was written lately`,
      );
    },
  };
}

function whyNotCrossing(signals: ChannelSignals): string {
  for (const end of ['agent', 'server'] as const) {
    if (speaking(signals, end) === undefined) return silent(signals, end);
  }
  return crossing(signals) === undefined
    ? 'the ends are not on the same connection'
    : "the receiver's last word is too old";
}

/** Do the ends live on different connections? */
export const splitConnection: ProbeDefinition = {
  group: 'connection-identity',
  question: 'Does the server write into another connection than the one the agent lives on?',
  measure: {
    action: 'Compare the connection ids that the two ends report for this channel.',
    yes: 'the server holds on to another connection: evict it',
    no: 'both ends are on the same connection',
  },
  read(signals) {
    const server = speaking(signals, 'server');
    const agent = speaking(signals, 'agent');
    if (server !== undefined && writesElsewhere(server))
      return seen(
        `the server goes on writing into another open connection, the last by ${clock(server.tx_anywhere_moved_ms)}; into this one, on which frames arrive, the last by ${clock(server.tx_any_moved_ms)}`,
        factSql(
          signals,
          'ends',
          'connection_id, tx_anywhere_moved_ms, tx_any_moved_ms, rx_any_moved_ms',
          'server',
        ),
      );
    if (server === undefined || agent === undefined) {
      return unobserved(
        `whether both ends are on the same connection: ${silent(signals, server === undefined ? 'server' : 'agent')}`,
      );
    }
    if (server.connection_id === '' || agent.connection_id === '' || !server.connected || !agent.connected) {
      return unobserved('whether both ends are on the same connection: an end does not name it');
    }
    const sql = factSql(signals, 'ends', 'channel_end, connection_id, connected_ms');
    if (!onDifferentConnections(server, agent)) return notSo('both ends are on the same connection', sql);
    return Math.abs(server.connected_ms - agent.connected_ms) > QUIET_S * 1000
      ? seen(`the server is on connection ${server.connection_id}, the agent on ${agent.connection_id}`, sql)
      : unobserved(
          'whether both ends are on the same connection: they name different ones, opened at nearly the same time',
        );
  },
};

/** Do heartbeats that arrived at the server wait without being handled? */
export const serverWorkWaits: ProbeDefinition = {
  group: 'server-executions',
  question: 'Do heartbeats that have arrived at the server stay unhandled?',
  measure: {
    action:
      'Count, at the server, heartbeats received and handlers that ended (channel.executed at the server end).',
    yes: "the server's handler does nothing with what arrives",
    no: 'the server handles what arrives',
  },
  read(signals) {
    const server = speaking(signals, 'server');
    if (server === undefined)
      return unobserved(`whether the server handles what arrives: ${silent(signals, 'server')}`);
    const overdue = server.beat_executions_overdue;
    if (overdue === null)
      return unobserved('whether the server handles what arrives: the server end does not count executions');
    const sql = factSql(
      signals,
      'ends',
      'rx_heartbeats, executed, executed_moved_ms, now_ms, beat_executions_due, beat_executions_overdue',
      'server',
    );
    if (overdue > 0)
      return seen(
        `${count(overdue, 'heartbeat')} arrived at the server more than ${OVERDUE_S} s ago and no handler has ended since (${duration(quietS(server, 'executed') ?? 0)})`,
        sql,
      );
    return (server.rx_heartbeats ?? 0) > 0
      ? notSo('the server handles the heartbeats that arrive', sql, server.executed_moved_ms)
      : unobserved('whether the server handles what arrives: no heartbeat has arrived on this connection');
  },
};
