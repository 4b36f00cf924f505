import { change, type Undo } from '../conditions.js';
import type { Process } from '../process.js';
import type { Scheduler } from '../scheduler.js';
import { type Disturbance, each, MID_RUN_MS, ofKind } from './disturbance.js';

/** Between two blocks the loop turns this long. */
const TURNS_US = 1_000_000;
const BLOCK_MS = 75_000;

const handlerDead: Disturbance = {
  cause: 'handler-dead',
  meaning: 'Frames are received, and nothing takes them: no acknowledgement, no execution. Pongs go on.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['end', 'honest'],
  inject: (channels, { end = 'agent', honest = true }) =>
    each(channels, ({ conditions }) =>
      change(conditions[end], { handler: 'dead', handlerClaimsAlive: !honest }),
    ),
};

const handlerStuck: Disturbance = {
  cause: 'handler-stuck',
  meaning:
    'Each execution begins and hangs; variant serial: the first one keeps the handler from all that follow.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['end', 'variant'],
  variants: ['concurrent', 'serial'],
  inject: (channels, { end = 'agent', variant = 'concurrent' }) =>
    each(channels, ({ conditions }) =>
      change(conditions[end], { handler: variant === 'serial' ? 'stuck-serially' : 'stuck' }),
    ),
};

const readerDead: Disturbance = {
  cause: 'reader-dead',
  meaning: "An end's read loop ends on an open connection; five seconds later the peer's writes block.",
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['end', 'honest'],
  inject: (channels, { end = 'server', honest = true }, { scheduler }) =>
    each(channels, ({ conditions }) =>
      change(conditions[end], { readerDeadSinceUs: scheduler.nowUs, readerClaimsAlive: !honest }),
    ),
};

const writerStalled: Disturbance = {
  cause: 'writer-stalled',
  meaning: 'Writes of data frames do not complete although the peer reads; control frames pass.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['end', 'kind', 'honest'],
  inject: (channels, { end = 'server', kind = 'data', honest = false }) =>
    each(channels, ({ conditions }) =>
      change(conditions[end], { stalls: ofKind(kind), writerClaimsAlive: !honest }),
    ),
};

const eventLoopBlocked: Disturbance = {
  cause: 'event-loop-blocked',
  meaning:
    "The agent's process runs and its loop turns only for a second at a time, between blocks of `forMs`.",
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['forMs'],
  inject: (channels, { forMs = BLOCK_MS }, { scheduler }) =>
    each(channels, ({ agent }) => blockAgainAndAgain(agent.process, forMs * 1000, scheduler)),
};

const serverLoopBlocked: Disturbance = {
  ...eventLoopBlocked,
  meaning: "The same of the server's process, and so of all channels.",
  strikes: 'fleet',
  inject: (_channels, { forMs = BLOCK_MS }, { scheduler, server }) =>
    blockAgainAndAgain(server.process, forMs * 1000, scheduler),
};

function blockAgainAndAgain(process: Process, blockUs: number, scheduler: Scheduler): Undo {
  let blocking = true;
  const block = (): void => {
    if (!blocking) return;
    process.blockUntil(scheduler.nowUs + blockUs);
    scheduler.after(blockUs + TURNS_US, block);
  };
  block();
  return () => {
    blocking = false;
    process.blockUntil(scheduler.nowUs);
  };
}

/** What breaks inside one end. */
export const END_FAULTS = {
  'handler-dead': handlerDead,
  'handler-stuck': handlerStuck,
  'reader-dead': readerDead,
  'writer-stalled': writerStalled,
  'event-loop-blocked': eventLoopBlocked,
  'server-loop-blocked': serverLoopBlocked,
} as const;
