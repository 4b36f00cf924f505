import { LIVE_FAULTS, type LiveFaultName } from '@halfopen/lab';
import { printIncident } from '../output/explanation.js';
import { bold } from '../output/text.js';
import type { DemoNarrator } from './demo.js';

type Write = (text: string) => void;

/** Seconds between two signs of life. */
const PROGRESS_S = 5;

/** The demonstration as a story for people. */
export function storyteller(write: Write): DemoNarrator {
  const told_s = new Map<LiveFaultName, number>();
  const line = (text: string): void => {
    write(`${text}\n`);
  };
  return {
    starting(agents) {
      line(
        `starting a gateway, a proxy and ${agents} agents, each a process, over WebSockets on loopback ...`,
      );
    },
    healthy(agents) {
      line(`all ${agents} agents acknowledge and execute commands`);
    },
    broken(fault, channel) {
      line(`\n${bold(`breaking ${channel}: ${fault}`)}\n  ${LIVE_FAULTS[fault].meaning}`);
    },
    waiting(fault, forWhat, seconds) {
      const last_s = told_s.get(fault) ?? 0;
      if (seconds >= last_s && seconds - last_s < PROGRESS_S) return;
      told_s.set(fault, seconds);
      if (seconds < PROGRESS_S) return;
      const what = forWhat === 'incident' ? 'no incident yet' : 'still firing';
      line(`  ${fault}: ${what} after ${Math.round(seconds)} s`);
    },
    fired(fault, incident, seconds) {
      line(`\n${bold(`an incident after ${seconds} s (${fault})`)}\n\n${printIncident(incident)}`);
    },
    mended(fault, channel) {
      line(`${bold(`mending ${channel}`)}: ${LIVE_FAULTS[fault].mend}`);
    },
    resolved(_fault, channel, seconds) {
      line(`${channel}: resolved ${seconds} s after the mend`);
    },
    outcomes(outcomes) {
      line('');
      for (const {
        fault = 'nothing broken',
        channel,
        rule = 'nothing',
        cause,
        fired_s,
        resolved_s,
        wrong,
      } of outcomes) {
        const times = [
          fired_s === undefined ? [] : [`fired after ${fired_s} s`],
          resolved_s === undefined ? [] : [`resolved ${resolved_s} s after the mend`],
        ].flat();
        const found = [rule, cause ?? 'no cause', ...times].join(', ');
        line(`${wrong.length === 0 ? 'ok    ' : 'WRONG '} ${fault} on ${channel}: ${found}`);
        for (const problem of wrong) line(`       ${problem}`);
      }
    },
    kept() {
      line('\nthe fleet goes on; Ctrl-C ends it');
    },
  };
}

/** An outcome a line, as JSON, for scripts. */
export function jsonNarrator(write: Write): DemoNarrator {
  const silent = (): void => undefined;
  return {
    starting: silent,
    healthy: silent,
    broken: silent,
    waiting: silent,
    fired: silent,
    mended: silent,
    resolved: silent,
    kept: silent,
    outcomes(outcomes) {
      for (const outcome of outcomes) write(`${JSON.stringify(outcome)}\n`);
    },
  };
}
