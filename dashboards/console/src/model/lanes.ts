import { TROUBLED_FATES, type Journey } from './journey.js';

/** Height of a frame's row, px. */
export const ROW_PX = 26;
/** A pause between two frames that is longer gets a row of its own that says how long. */
const PAUSE_US = 3_000_000;
export const PAUSE_PX = 16;
/** An arrow falls at least so much, or its way would not show. */
const FALL_PX = 7;

export type LaneRow =
  | { readonly type: 'frame'; readonly y: number; readonly journey: Journey; readonly index: number }
  | { readonly type: 'pause'; readonly y: number; readonly us: number };

/** A line of the drawing. `to` null: it never ends (hung). */
export interface LaneShape {
  readonly index: number;
  readonly direction: 'to_agent' | 'to_server';
  readonly dead: boolean;
  /** Solid to its end, broken in the middle, or never begun. */
  readonly arrow: 'whole' | 'lost' | 'unseen' | 'stalled';
  readonly y1: number;
  readonly y2: number;
  readonly enqueued: boolean;
  readonly relayed: boolean;
  readonly acked: boolean;
  readonly unexecuted: boolean;
  readonly failed: boolean;
  readonly execution: { readonly from: number; readonly to: number | null } | null;
}

export interface Lanes {
  readonly rows: readonly LaneRow[];
  readonly shapes: readonly LaneShape[];
  readonly height: number;
}

/**
 * Time runs downwards, but not to scale: a row a frame, so that a quiet hour takes no more room than a busy second, and
 * long pauses say how long they were. Moments between the frames' beginnings are put in proportion.
 */
export function lanesOf(journeys: readonly Journey[]): Lanes {
  const ordered = [...journeys].sort((a, b) => beganOf(a) - beganOf(b));
  const rows: LaneRow[] = [];
  let y = 0;
  let before: number | undefined;
  ordered.forEach((journey, index) => {
    const began = beganOf(journey);
    if (before !== undefined && began - before > PAUSE_US) {
      rows.push({ type: 'pause', y, us: began - before });
      y += PAUSE_PX;
    }
    rows.push({ type: 'frame', y, journey, index });
    y += ROW_PX;
    before = began;
  });
  const scale = scaleOf(rows, y);
  const shapes = rows.flatMap((row) =>
    row.type === 'frame' ? [shapeOf(row.journey, row.index, row.y, scale, y)] : [],
  );
  return { rows, shapes, height: y };
}

export function beganOf({ enqueued_us, offered_us, written_us, received_us, frame }: Journey): number {
  return enqueued_us ?? offered_us ?? written_us ?? received_us ?? frame.first_us;
}

type Scale = (us: number) => number;

/** Piecewise linear through the beginnings of the frames. */
function scaleOf(rows: readonly LaneRow[], height: number): Scale {
  const marks = rows.flatMap((row) => (row.type === 'frame' ? [{ us: beganOf(row.journey), y: row.y }] : []));
  return (us) => {
    let low = 0;
    let high = marks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((marks[middle]?.us ?? 0) <= us) low = middle;
      else high = middle - 1;
    }
    const mark = marks[low];
    if (mark === undefined) return 0;
    const next = marks[low + 1];
    if (next === undefined)
      return Math.min(height, mark.y + Math.min(ROW_PX - 6, Math.max(0, (us - mark.us) / 1e5)));
    const share = next.us === mark.us ? 0 : (us - mark.us) / (next.us - mark.us);
    return mark.y + Math.max(0, Math.min(1, share)) * (next.y - mark.y);
  };
}

function shapeOf(journey: Journey, index: number, y: number, scale: Scale, height: number): LaneShape {
  const top = y + ROW_PX / 2 - FALL_PX / 2;
  const arrived_us = journey.received_us ?? journey.execution_began_us;
  const y2 = arrived_us === null ? top + FALL_PX : Math.max(top + FALL_PX, scale(arrived_us) + ROW_PX / 2);
  return {
    index,
    direction: journey.frame.direction,
    dead: TROUBLED_FATES.has(journey.fate),
    arrow: arrowOf(journey),
    y1: top,
    y2,
    enqueued: journey.enqueued_us !== null,
    relayed: journey.relayed_us !== null,
    acked: journey.ack_received_us !== null,
    unexecuted: journey.fate === 'unexecuted' || journey.fate === 'dropped',
    failed: journey.fate === 'failed',
    execution: executionOf(journey, y2, scale, height),
  };
}

function arrowOf(journey: Journey): LaneShape['arrow'] {
  if (journey.received_us !== null || journey.execution_began_us !== null) return 'whole';
  if (journey.written_us === null) return journey.fate === 'unseen' ? 'unseen' : 'stalled';
  return journey.fate === 'lost' ? 'lost' : 'unseen';
}

/** At least a few pixels, so that a quick execution shows. */
const EXECUTION_PX_MIN = 5;

function executionOf(journey: Journey, y2: number, scale: Scale, height: number): LaneShape['execution'] {
  const { execution_began_us: began, execution_ended_us: ended } = journey;
  if (began === null) return null;
  const from = Math.max(y2, scale(began) + ROW_PX / 2);
  if (ended === null) return { from, to: null };
  return { from, to: Math.min(height, Math.max(from + EXECUTION_PX_MIN, scale(ended) + ROW_PX / 2)) };
}
