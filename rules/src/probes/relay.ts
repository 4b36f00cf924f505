import { crossed, relaying, speaking } from '../signals/derive.js';
import type { CrossingClass } from '../signals/end-signals.js';
import type { ChannelSignals, EndName } from '../signals/signals.js';
import { OVERDUE_S } from '../signals/windows.js';
import { count, factSql, notSo, seen, silent, unobserved, type ProbeDefinition } from './probe.js';

/**
 * A relay's tap counts what comes past it from either side, so that only kinds that go one way tell which half of the path
 * they die on.
 */

/** Are frames that an end wrote lost before they come past the relay? Or behind it, on their way to an end? */
export function lostAtRelay(
  half: 'before' | 'behind',
  end: EndName,
  name: CrossingClass,
  noun: string,
): ProbeDefinition {
  const way = half === 'before' ? `between the ${end} and the relay` : `between the relay and the ${end}`;
  return {
    group: `relay-${half}-${end}`,
    question: `Are ${noun}s lost ${way}?`,
    measure: {
      action: `Count the ${noun}s that come past a relay at the site, against those of the ${end} (channel.state of a relay).`,
      yes: `${noun}s are lost ${way}`,
      no: `${noun}s pass ${way}`,
    },
    read(signals) {
      const relay = relaying(signals);
      const why = `whether ${noun}s are lost ${way}`;
      if (relay === undefined) return unobserved(`${why}: no relay sends telemetry about the channel`);
      const said = speaking(signals, end);
      if (said === undefined) return unobserved(`${why}: ${silent(signals, end)}`);
      const found = half === 'before' ? crossed(said, relay, name) : crossed(relay, said, name);
      if (found === undefined || (found.sent === 0 && found.lost === 0))
        return unobserved(`${why}: none has been due there lately`);
      const sql = bothSql(signals, end);
      return found.lost > 0
        ? seen(`${count(found.lost, noun)} of the last two minutes were lost ${way}`, sql)
        : notSo(`the ${count(found.sent, noun)} of the last two minutes passed ${way}`, sql);
    },
  };
}

function bothSql(signals: ChannelSignals, end: EndName): string {
  return `${factSql(signals, 'ends', 'channel_end, tx_settled, tx_settled_before, rx_now, rx_before')} WHERE channel_end IN ('relay', '${end}')`;
}

/** Do commands come past the relay, and no acknowledgement back? */
export const acksMissingAtRelay: ProbeDefinition = {
  group: 'agent-replies',
  question: 'Do commands come past the relay towards the agent, and no acknowledgement back?',
  measure: {
    action: "Count commands and acknowledgements that come past a relay at the agent's site.",
    yes: 'commands get as far as the relay, and nothing is acknowledged: the agent, or the last part of the way',
    no: 'acknowledgements come back past the relay',
  },
  read(signals) {
    const relay = relaying(signals);
    const why = 'whether commands are acknowledged past the relay';
    if (relay === undefined) return unobserved(`${why}: no relay sends telemetry about the channel`);
    if (relay.acks_overdue === null || (relay.tx_commands ?? 0) === 0)
      return unobserved(`${why}: none has come past it`);
    const sql = `${factSql(signals, 'ends', 'tx_commands, rx_acks, acks_due, acks_overdue, rx_acks_moved_ms')} WHERE channel_end = 'relay'`;
    return relay.acks_overdue > 0
      ? seen(
          `${count(relay.acks_due ?? 0, 'command')} came past the relay since the last acknowledgement did; ${relay.acks_overdue} of them more than ${OVERDUE_S} s ago`,
          sql,
          (relay.rx_acks ?? 0) > 0 ? relay.rx_acks_moved_ms : relay.connected_ms,
        )
      : notSo(
          `acknowledgements come back past the relay: ${relay.rx_acks ?? 0} so far`,
          sql,
          relay.rx_acks_moved_ms,
        );
  },
};
