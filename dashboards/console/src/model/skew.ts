import type { EndOfChannel, FrameReports, StageReport } from '../contract.js';

/** Frames each way that an estimate takes at least: one slow frame would tilt it. */
const FRAMES_MIN = 3;

/**
 * How far the agent's clock is ahead of the server's, us: half the difference of the shortest ways there and back (as NTP
 * does it). Null where frames have not passed both ways.
 */
export function clockSkewUs(frames: readonly FrameReports[]): number | null {
  const toAgent = shortest(frames, 'to_agent', 'server', 'agent');
  const toServer = shortest(frames, 'to_server', 'agent', 'server');
  return toAgent === undefined || toServer === undefined ? null : Math.round((toAgent - toServer) / 2);
}

function shortest(
  frames: readonly FrameReports[],
  direction: FrameReports['direction'],
  sender: EndOfChannel,
  receiver: EndOfChannel,
): number | undefined {
  const ways = frames
    .filter((frame) => frame.direction === direction)
    .flatMap(({ stages }) => {
      const written = ended(stages, sender, 'socket_write');
      const received = ended(stages, receiver, 'receive');
      return written === undefined || received === undefined ? [] : [received - written];
    });
  return ways.length < FRAMES_MIN ? undefined : Math.min(...ways);
}

function ended(
  stages: readonly StageReport[],
  end: EndOfChannel,
  stage: StageReport['stage'],
): number | undefined {
  return stages.find((report) => report.end === end && report.stage === stage && report.outcome !== 'pending')
    ?.ended_us;
}
