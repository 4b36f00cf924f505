import { HANGING_S, hangingS } from '../probes/liveness.js';
import { waitingExecutions } from '../probes/delivery.js';
import { count } from '../probes/probe.js';
import { executing, isOpen, moves, quietS, speaking } from '../signals/derive.js';
import type { ChannelSignals, EndName, EndSignals } from '../signals/signals.js';
import { QUIET_S } from '../signals/windows.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './verdict.js';

/** So many pieces of work that have waited long enough, none of them begun, are a handler that does nothing. */
const IDLE_WORK_MIN = 2;

/** A command whose channel goes on answering may take so long, even if others wait behind it, s. */
const SLOW_S = 90;

/** So many commands running at once, none of which has ended for so long (s), hang: a deploy's do not take longer. */
const RUNNING_MIN = 3;
const ENDLESS_S = 330;

/**
 * The connection is claimed up while a reader or handler of an end does no work: dead by its own word, dead by what it
 * does, or stuck on work that it began while more is waiting.
 */
export function zombieHandler(signals: ChannelSignals): Verdict {
  let alive = 0;
  for (const end of ['server', 'agent'] as const) {
    const said = speaking(signals, end);
    if (said?.connected !== true) continue;
    const verdict =
      saidDead(signals, end, said) ??
      unmovedReader(signals, end, said) ??
      (end === 'agent' ? idleHandler(signals, said) : undefined) ??
      stuckHandler(signals, end, said);
    if (verdict !== undefined) return verdict;
    if (said.reader_alive !== 0 && said.handler_alive !== 0 && moves(said, 'rx_any') === true) alive++;
  }
  return isOpen(signals) && alive > 0 && alive === speakingEnds(signals) ? CLEAR : UNDETERMINED;
}

function speakingEnds(signals: ChannelSignals): number {
  return (['server', 'agent'] as const).filter((end) => speaking(signals, end) !== undefined).length;
}

function saidDead(signals: ChannelSignals, end: EndName, said: EndSignals): Verdict | undefined {
  for (const part of ['reader', 'handler'] as const) {
    if (said[`${part}_alive`] !== 0) continue;
    const last_ms = Math.max(said[`${part}_alive_ms`], said.connected_ms);
    return firing(signals, last_ms, `is claimed to be connected while the ${end}'s ${part} is dead`);
  }
  return undefined;
}

/** The end hears nothing while the other end has frames that it cannot get rid of. */
function unmovedReader(signals: ChannelSignals, end: EndName, said: EndSignals): Verdict | undefined {
  const other = speaking(signals, end === 'server' ? 'agent' : 'server');
  const otherPending = signals.pending[end === 'server' ? 'agent' : 'server']?.writes ?? 0;
  const quiet_s = quietS(said, 'rx_any');
  if (other === undefined || quiet_s === null || quiet_s < QUIET_S) return undefined;
  const blocked =
    otherPending > 0 || ((other.queue_depth ?? 0) > 0 && (other.queue_oldest_ms ?? 0) >= HANGING_S * 1000);
  return blocked
    ? firing(
        signals,
        said.rx_any_moved_ms,
        `is claimed to be connected while the ${end} reads nothing and its peer's writes block`,
      )
    : undefined;
}

/** Commands wait, no handler runs, nothing is answered. */
function idleHandler(signals: ChannelSignals, agent: EndSignals): Verdict | undefined {
  const waiting = waitingExecutions(agent) ?? 0;
  if (waiting < IDLE_WORK_MIN || executing(signals, 'agent') > 0) return undefined;
  return firing(
    signals,
    Math.max(agent.executed_moved_ms, agent.connected_ms),
    `is connected while the agent's handler takes none of ${count(waiting, 'waiting command')}`,
  );
}

/**
 * Work has begun, does not end, and more waits behind it: unanswered, or for longer than a slow command is given. One
 * long command on a channel that goes on answering is not stuck.
 */
function stuckHandler(signals: ChannelSignals, end: EndName, said: EndSignals): Verdict | undefined {
  const hung = signals.pending[end];
  const began_ms =
    hung?.oldest_execution_ms ??
    (said.executing !== null && said.executing > 0 ? said.executed_moved_ms : undefined);
  const waiting = end === 'agent' ? (waitingExecutions(said) ?? 0) : (said.beat_executions_overdue ?? 0);
  if (began_ms === undefined) return undefined;
  const hanging_s = (said.now_ms - began_ms) / 1000;
  const running = executing(signals, end);
  if (running >= RUNNING_MIN && hanging_s >= ENDLESS_S && (quietS(said, 'executed') ?? Infinity) >= ENDLESS_S)
    return firing(
      signals,
      began_ms,
      `is connected while ${running} handlers of the ${end} run and none ends`,
    );
  if (waiting < 1) return undefined;
  const answers = end === 'agent' && said.replies_overdue === 0;
  if (answers ? hanging_s < SLOW_S || waiting < IDLE_WORK_MIN : hanging_s < hangingS(end, said))
    return undefined;
  return firing(
    signals,
    began_ms,
    `is connected while a handler of the ${end} is stuck with ${count(waiting, 'frame')} waiting`,
  );
}
