import type { EndOfChannel, FrameReports, FramesAnswer, StageReport } from '../contract.js';

/** What became of a frame, as far as anybody saw. */
export const FATES = {
  done: { word: 'done', meaning: 'everything that was due was seen' },
  flying: { word: 'under way', meaning: 'too young to tell' },
  unseen: { word: 'unseen there', meaning: 'nobody at the far end tells; it may well have arrived' },
  stalled: { word: 'never written', meaning: 'its write has not completed: the arrow never starts' },
  lost: { word: 'lost', meaning: 'written, and the far end, which went on telling, did not receive it' },
  dropped: { word: 'dropped', meaning: 'it arrived and was dropped before its handler' },
  unexecuted: { word: 'not executed', meaning: 'received, and its handler was never called' },
  hung: {
    word: 'not ended',
    meaning: 'its handler was called and has not ended: it hangs, or the work is long',
  },
  failed: { word: 'failed', meaning: 'its handler failed' },
  unacked: { word: 'no ack', meaning: 'no acknowledgement of it was seen at its sender' },
} as const;
export type Fate = keyof typeof FATES;

/** Nothing more will come of the frame. */
export const DEAD_FATES: ReadonlySet<Fate> = new Set([
  'stalled',
  'lost',
  'dropped',
  'unexecuted',
  'failed',
  'unacked',
]);
/** Those, and what may yet come to an end. */
export const TROUBLED_FATES: ReadonlySet<Fate> = new Set([...DEAD_FATES, 'hung']);

/** One frame with its stages by what they mean. Microseconds, in the server's clock. */
export interface Journey {
  readonly frame: FrameReports;
  readonly sender: EndOfChannel;
  readonly receiver: EndOfChannel;
  readonly enqueued_us: number | null;
  /** Offered to the writer. */
  readonly offered_us: number | null;
  readonly written_us: number | null;
  readonly relayed_us: number | null;
  readonly received_us: number | null;
  readonly execution_began_us: number | null;
  readonly execution_ended_us: number | null;
  readonly ack_sent_us: number | null;
  readonly ack_received_us: number | null;
  readonly fate: Fate;
  /** Where and why, in words. */
  readonly told: string;
}

/** An ack, an arrival or an execution that is later than this is missed. */
const LATE_US = 10_000_000;

type Context = Pick<FramesAnswer, 'heard_us' | 'agent_ahead_us'> & {
  /** Kinds that are executed, and acknowledged, on this channel, each as `direction kind`. */
  readonly executed: ReadonlySet<string>;
  readonly acked: ReadonlySet<string>;
};

/** Reads the frames of a page: pure. `skew` false leaves each end's own clock. */
export function journeysOf(answer: FramesAnswer, skew = true): Journey[] {
  const agent_ahead_us = skew ? answer.agent_ahead_us : null;
  const context: Context = {
    heard_us: answer.heard_us,
    agent_ahead_us,
    executed: kindsWith(answer.frames, 'execute', 'command'),
    acked: kindsWith(answer.frames, 'ack', undefined),
  };
  return answer.frames.map((frame) => journeyOf(frame, context));
}

/** What one frame of a kind went through is due for the others; commands are executed in any case. */
function kindsWith(
  frames: readonly FrameReports[],
  stage: StageReport['stage'],
  always: string | undefined,
): ReadonlySet<string> {
  const kinds = frames
    .filter(({ stages }) => stages.some((report) => report.stage === stage))
    .map(({ direction, kind }) => `${direction} ${kind}`);
  return new Set(always === undefined ? kinds : [...kinds, `to_agent ${always}`]);
}

function journeyOf(frame: FrameReports, context: Context): Journey {
  const sender: EndOfChannel = frame.direction === 'to_agent' ? 'server' : 'agent';
  const receiver: EndOfChannel = frame.direction === 'to_agent' ? 'agent' : 'server';
  const shift = (end: EndOfChannel): number => (end === 'agent' ? (context.agent_ahead_us ?? 0) : 0);
  const at = (report: StageReport | undefined, moment: 'began_us' | 'ended_us'): number | null =>
    report === undefined ? null : report[moment] - shift(report.end);
  const final = (end: EndOfChannel, stage: StageReport['stage']): StageReport | undefined =>
    frame.stages.find(
      (report) => report.end === end && report.stage === stage && report.outcome !== 'pending',
    );
  const any = (end: EndOfChannel, stage: StageReport['stage']): StageReport | undefined =>
    final(end, stage) ?? frame.stages.find((report) => report.end === end && report.stage === stage);
  const write = final(sender, 'socket_write');
  const relayed = frame.stages.find(({ end, stage }) => end === 'relay' && stage !== 'ack');
  const received = final(receiver, 'receive');
  const execution = any(receiver, 'execute');
  const journey: Omit<Journey, 'fate' | 'told'> = {
    frame,
    sender,
    receiver,
    enqueued_us: at(final(sender, 'enqueue'), 'ended_us'),
    offered_us: at(any(sender, 'socket_write'), 'began_us'),
    written_us: went(write) ? at(write, 'ended_us') : null,
    relayed_us: at(relayed, 'ended_us'),
    received_us: at(received, 'ended_us'),
    execution_began_us: at(execution, 'began_us'),
    execution_ended_us: at(final(receiver, 'execute'), 'ended_us'),
    ack_sent_us: at(final(receiver, 'ack'), 'ended_us'),
    ack_received_us: at(final(sender, 'ack'), 'ended_us'),
  };
  return {
    ...journey,
    ...fateOf(journey, { write, received, execution: final(receiver, 'execute') }, context),
  };
}

interface Finals {
  readonly write: StageReport | undefined;
  readonly received: StageReport | undefined;
  readonly execution: StageReport | undefined;
}

function fateOf(
  journey: Omit<Journey, 'fate' | 'told'>,
  { write, received, execution }: Finals,
  context: Context,
): Pick<Journey, 'fate' | 'told'> {
  const { frame, sender, receiver } = journey;
  const kind = `${frame.direction} ${frame.kind}`;
  if (journey.received_us === null && journey.execution_began_us === null)
    return notArrived(journey, write, context);
  if (received !== undefined && !went(received))
    return {
      fate: 'dropped',
      told: `dropped at the ${receiver}${because(received.why || received.outcome)}`,
    };
  if (execution !== undefined && !went(execution))
    return {
      fate: 'failed',
      told: `its handler at the ${receiver} ended in ${execution.outcome}${because(execution.why)}`,
    };
  const arrived_us = journey.received_us ?? journey.execution_began_us ?? 0;
  if (journey.execution_began_us !== null && journey.execution_ended_us === null)
    return spoke(context, receiver, journey.execution_began_us)
      ? { fate: 'hung', told: `begun at the ${receiver}` }
      : { fate: 'flying', told: 'executing' };
  if (context.executed.has(kind) && journey.execution_began_us === null)
    return spoke(context, receiver, arrived_us)
      ? { fate: 'unexecuted', told: `received by the ${receiver}` }
      : { fate: 'flying', told: 'received' };
  if (context.acked.has(kind) && journey.ack_received_us === null)
    return spoke(context, sender, arrived_us)
      ? {
          fate: 'unacked',
          told:
            journey.ack_sent_us === null
              ? 'no acknowledgement'
              : `acknowledged by the ${receiver}; the ${sender} did not get it`,
        }
      : { fate: 'flying', told: 'not acknowledged yet' };
  return { fate: 'done', told: doneOf(journey) };
}

function notArrived(
  journey: Omit<Journey, 'fate' | 'told'>,
  write: StageReport | undefined,
  context: Context,
): Pick<Journey, 'fate' | 'told'> {
  const { frame, sender, receiver } = journey;
  if (write !== undefined && !went(write))
    return {
      fate: 'stalled',
      told: `its write at the ${sender} ended in ${write.outcome}${because(write.why)}`,
    };
  const dropped = frame.stages.find(
    ({ end, stage, outcome }) => end === sender && stage === 'enqueue' && outcome === 'dropped',
  );
  if (dropped !== undefined)
    return { fate: 'stalled', told: `dropped by the ${sender} before its queue${because(dropped.why)}` };
  if (journey.written_us === null) {
    const since_us = journey.enqueued_us ?? journey.offered_us;
    // A frame that only others speak of was sent by an end that tells nothing.
    if (since_us === null) return { fate: 'unseen', told: `the ${sender} tells nothing of it` };
    return spoke(context, sender, since_us)
      ? { fate: 'stalled', told: `queued at the ${sender}` }
      : { fate: 'flying', told: 'queued' };
  }
  if (context.heard_us[receiver] === undefined)
    return { fate: 'unseen', told: `written; the ${receiver} does not tell of its frames` };
  if (!spoke(context, receiver, journey.written_us)) return { fate: 'flying', told: 'written' };
  return {
    fate: 'lost',
    told:
      journey.relayed_us === null
        ? `written, never received by the ${receiver}`
        : `passed the relay, never received by the ${receiver}`,
  };
}

/** Did the end go on telling long enough after that moment that what it has not told did not happen? */
function spoke({ heard_us }: Context, end: EndOfChannel, since_us: number): boolean {
  const heard = heard_us[end];
  return heard !== undefined && heard > since_us + LATE_US;
}

function went(report: StageReport | undefined): boolean {
  return report !== undefined && (report.outcome === 'ok' || report.outcome === '');
}

function because(why: string): string {
  return why === '' ? '' : ` (${why})`;
}

function doneOf(journey: Omit<Journey, 'fate' | 'told'>): string {
  if (journey.ack_received_us !== null && journey.execution_ended_us !== null)
    return 'executed, acknowledged';
  if (journey.execution_ended_us !== null) return 'executed';
  if (journey.ack_received_us !== null) return 'acknowledged';
  return 'received';
}
