import { change, type Refusal } from '../conditions.js';
import { CLOSE_CODE } from '../connection.js';
import { both, type Disturbance, each, irreversible, MID_RUN_MS } from './disturbance.js';

const agentNotRunning: Disturbance = {
  cause: 'agent-not-running',
  meaning: 'The agent is not started, or is stopped: no telemetry, no attempt, and still in the inventory.',
  strikes: 'channel',
  atMs: 0,
  options: [],
  inject: (channels) =>
    each(channels, ({ conditions, agent }) => {
      const undo = change(conditions.agent, { runs: false });
      agent.stop(CLOSE_CODE.normal, 'stopped');
      return both(undo, () => {
        agent.start(0);
      });
    }),
};

const agentMisconfigured: Disturbance = {
  cause: 'agent-misconfigured',
  meaning: 'The agent runs and never dials, for it knows no address; with `address` it dials that, in vain.',
  strikes: 'channel',
  atMs: 0,
  options: ['address'],
  inject: (channels, { address }) =>
    each(channels, ({ conditions, agent }) => {
      const undo =
        address === undefined
          ? change(conditions.agent, { dials: false })
          : change(conditions.path, { refusal: unresolvable(address) });
      agent.close(CLOSE_CODE.goingAway, 'restart');
      return undo;
    }),
};

function unresolvable(address: string): Refusal {
  return { outcome: 'error', phase: 'dns', durationUs: 5_000, errorType: 'ENOTFOUND', address };
}

const agentKilled: Disturbance = {
  cause: 'agent-not-running',
  meaning: 'SIGKILL: the telemetry ends at once and the connection breaks.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: [],
  inject: (channels) => {
    for (const { agent } of channels) agent.kill();
    return () => {
      for (const { agent } of channels) agent.start(0);
    };
  },
};

/** Undoing it does nothing: the two executors stay until one of them is stopped by hand. */
const duplicateExecutor: Disturbance = {
  cause: 'duplicate-executor',
  meaning: 'Two executors take each command, the old one and the new; variant same: one takes it twice.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['variant'],
  variants: ['two', 'same'],
  inject: (channels, { variant = 'two' }) => {
    for (const { id, conditions } of channels) {
      const second = variant === 'same' ? `${id}-exec` : `${id}-exec-old`;
      change(conditions.agent, { executors: [`${id}-exec`, second] });
    }
    return irreversible;
  },
};

/** What is wrong with the agent as a process. */
export const AGENT_PROCESS_FAULTS = {
  'agent-not-running': agentNotRunning,
  'agent-misconfigured': agentMisconfigured,
  'agent-killed': agentKilled,
  'duplicate-executor': duplicateExecutor,
} as const;
