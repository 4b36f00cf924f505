import type { EndOfChannel, FrameReports, FramesAnswer, StageReport } from '../src/contract.js';

/** Microseconds into the scene. */
export const BEGAN_US = 1_790_000_000_000_000;

/** A report of a stage, ms into the scene. */
export function report(
  end: EndOfChannel,
  stage: StageReport['stage'],
  began_ms: number,
  ended_ms: number,
  outcome = 'ok',
  why = '',
): StageReport {
  return {
    end,
    stage,
    outcome,
    why,
    began_us: BEGAN_US + began_ms * 1000,
    ended_us: BEGAN_US + ended_ms * 1000,
  };
}

export function frame(
  direction: FrameReports['direction'],
  kind: string,
  id: string,
  stages: readonly StageReport[],
): FrameReports {
  const first_us = Math.min(...stages.map(({ began_us }) => began_us));
  return { connection_id: 'c1', direction, frame_id: id, kind, type: 'text', seq: null, first_us, stages };
}

/** A page whose ends go on telling for a minute after the scene's start, unless said otherwise. */
export function answerOf(
  frames: readonly FrameReports[],
  heard: FramesAnswer['heard_us'] = { agent: BEGAN_US + 60_000_000, server: BEGAN_US + 60_000_000 },
  agent_ahead_us: number | null = null,
): FramesAnswer {
  return {
    from_ms: BEGAN_US / 1000,
    to_ms: BEGAN_US / 1000 + 60_000,
    frames,
    next: null,
    kinds: [],
    heard_us: heard,
    overview: { step_ms: 1000, frames: [], dead: [] },
    agent_ahead_us,
  };
}

/** A command that went all the way, begun so many ms into the scene. */
export function command(id: string, at_ms: number): FrameReports {
  return frame('to_agent', 'command', id, [
    report('server', 'enqueue', at_ms, at_ms + 1),
    report('server', 'socket_write', at_ms + 1, at_ms + 2),
    report('agent', 'receive', at_ms + 20, at_ms + 21),
    report('agent', 'ack', at_ms + 21, at_ms + 22),
    report('agent', 'execute', at_ms + 21, at_ms + 121),
    report('server', 'ack', at_ms + 40, at_ms + 41),
  ]);
}
