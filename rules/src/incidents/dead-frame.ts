import { clickhouseTime, type Store } from '@halfopen/store';

/** A frame whose trace shows where frames die. */
export interface DeadFrame {
  readonly frame_id: string;
  readonly trace_id: string;
}

/** Before the estimated onset, which is an estimate; and behind the instant that fired, for reports on their way. */
const MARGIN_MS = 60_000;

/**
 * The first frame of the channel, about the time given, that hung, failed, was written and not received, or received and
 * not executed. The plainer its end, the sooner it is chosen.
 *
 * @returns undefined where there is none, or none that is part of a trace
 */
export async function findDeadFrame(
  store: Store,
  channel: string,
  from_ms: number,
  to_ms: number,
): Promise<DeadFrame | undefined> {
  const [frame] = await store.query<DeadFrame>(
    `WITH {from:DateTime64(3)} AS first, {to:DateTime64(3)} AS last
     SELECT f.frame_id AS frame_id, anyLast(f.trace_id) AS trace_id,
       multiIf(
         max(f.outcome IN ('error', 'timeout', 'dropped')) OR max(f.outcome = 'pending' AND f.seen_at > last - INTERVAL 2 MINUTE), 1,
         max(f.stage = 'socket_write') AND NOT max(f.stage IN ('receive', 'execute', 'ack')), 2,
         any(f.kind) = 'command' AND max(f.stage = 'receive') AND NOT max(f.stage IN ('execute', 'ack')), 3,
         0) AS rank
     FROM frames AS f
     WHERE f.channel_id = {channel:String} AND f.trace_id != '' AND f.kind NOT IN ('ping', 'pong')
       AND f.seen_at BETWEEN first AND last
       AND toStartOfMinute(f.seen_at) BETWEEN toStartOfMinute(first) AND toStartOfMinute(last)
     GROUP BY f.connection_id, f.direction, f.frame_id
     HAVING rank > 0
     ORDER BY rank, min(f.started_at), frame_id
     LIMIT 1`,
    {
      params: {
        channel,
        from: clickhouseTime(from_ms - MARGIN_MS),
        to: clickhouseTime(to_ms + MARGIN_MS),
      },
    },
  );
  return frame === undefined ? undefined : { frame_id: frame.frame_id, trace_id: frame.trace_id };
}
