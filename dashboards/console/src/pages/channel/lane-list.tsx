import type { VNode } from 'preact';
import { memo } from 'preact/compat';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { FramesAnswer } from '../../contract.js';
import { FATES, TROUBLED_FATES, type Journey } from '../../model/journey.js';
import { beganOf, PAUSE_PX, ROW_PX, type LaneRow, type Lanes } from '../../model/lanes.js';
import { clock, duration, utc } from '../../model/time.js';
import { stepTo, useRowWindow } from '../parts/window.js';
import { setQuery } from '../router.js';
import { LaneShapes, LANES } from './lane-shapes.js';

/** A frame's name in an address. */
export function frameKey({ frame }: Journey): string {
  return [frame.direction, frame.connection_id, frame.frame_id].map(encodeURIComponent).join('~');
}

/** Two lanes with time downwards, and the same as a list: a row a frame. */
export function LaneList({
  lanes,
  relay,
  heard,
}: {
  lanes: Lanes;
  relay: boolean;
  heard: FramesAnswer['heard_us'];
}): VNode {
  const [active, setActive] = useState(0);
  // The window is of pixels: rows and pauses differ in height.
  const { ref, first, end, onScroll, reveal } = useRowWindow(Math.ceil(lanes.height / PX), PX);
  const seen = lanes.rows.filter((row) => row.y + ROW_PX >= first * PX && row.y <= end * PX);
  const frames = lanes.rows.filter((row) => row.type === 'frame');
  const firstSeen = seen.find((row) => row.type === 'frame');
  const roving = seen.some((row) => row.type === 'frame' && row.index === active)
    ? active
    : (firstSeen?.index ?? 0);
  useLayoutEffect(() => {
    // What somebody comes for: where the first frame died, else the latest.
    const dead = lanes.shapes.find((shape) => shape.dead);
    const box = ref.current;
    if (box !== null) box.scrollTop = dead === undefined ? box.scrollHeight : dead.y1 - CONTEXT_PX;
    onScroll();
  }, []);
  const move = (index: number): void => {
    const to = Math.max(0, Math.min(frames.length - 1, index));
    setActive(to);
    reveal(Math.floor((frames[to]?.y ?? 0) / PX));
    reveal(Math.ceil(((frames[to]?.y ?? 0) + ROW_PX) / PX) - 1);
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = stepTo(event.key, roving, PAGE_ROWS, frames.length);
    const row = frames[roving];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === 'Enter' && row?.type === 'frame') setQuery({ frame: frameKey(row.journey) });
  };
  return (
    <div class="grid lanes" role="grid" aria-label="Frames" aria-rowcount={frames.length + 1}>
      <LanesHead relay={relay} heard={heard} />
      <div class="grid-body" role="rowgroup" ref={ref} onScroll={onScroll} onKeyDown={onKeyDown}>
        <div class="grid-all" role="presentation" style={{ height: `${lanes.height}px` }}>
          {seen.map((row) =>
            row.type === 'pause' ? (
              <div
                key={`p${row.y}`}
                class="pause"
                role="presentation"
                style={{ transform: `translateY(${row.y}px)`, height: `${PAUSE_PX}px` }}
              >
                {duration(row.us / 1000)} later
              </div>
            ) : (
              <Row
                key={frameKey(row.journey)}
                row={row}
                tabbable={row.index === roving}
                onFocus={setActive}
              />
            ),
          )}
          <LaneShapes lanes={lanes} from={first * PX} to={end * PX} relay={relay} />
        </div>
      </div>
    </div>
  );
}

const PX = 10;
const PAGE_ROWS = 15;
/** Before it, some frames that went well. */
const CONTEXT_PX = 4 * ROW_PX;

function LanesHead({ relay, heard }: { relay: boolean; heard: FramesAnswer['heard_us'] }): VNode {
  const told = (end: 'agent' | 'server'): string =>
    heard[end] === undefined ? `${end} (tells nothing of frames)` : end;
  return (
    <div class="grid-head" role="rowgroup">
      <div class="grid-row" role="row" aria-rowindex={1}>
        <div role="columnheader">Time</div>
        <div role="columnheader">Kind</div>
        <div role="columnheader" class="lane-heads">
          <span style={{ left: LANES.agent }}>{told('agent')}</span>
          {relay && <span style={{ left: LANES.relay }}>relay</span>}
          <span style={{ left: LANES.server }}>{told('server')}</span>
        </div>
        <div role="columnheader">What became of it</div>
      </div>
    </div>
  );
}

const Row = memo(function Row({
  row,
  tabbable,
  onFocus,
}: {
  row: Extract<LaneRow, { type: 'frame' }>;
  tabbable: boolean;
  onFocus: (index: number) => void;
}): VNode {
  const { journey, index, y } = row;
  const { frame, fate, told, sender, receiver } = journey;
  const began_ms = beganOf(journey) / 1000;
  const way = wayOf(journey);
  return (
    <div
      class={`grid-row ${TROUBLED_FATES.has(fate) ? 'dead' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      data-fate={fate}
      data-frame={frame.frame_id}
      data-kind={frame.kind}
      tabIndex={tabbable ? 0 : -1}
      style={{ transform: `translateY(${y}px)`, height: `${ROW_PX}px` }}
      onFocus={() => {
        onFocus(index);
      }}
      onClick={() => {
        setQuery({ frame: frameKey(journey) });
      }}
    >
      <div role="gridcell" class="number" title={utc(began_ms)}>
        {clock(began_ms, true)}
      </div>
      <div role="gridcell" class="kind" title={frame.frame_id}>
        {frame.kind || frame.type}
      </div>
      <div role="gridcell" class="lane-cell">
        <span class="hidden">
          {sender} to {receiver}
        </span>
      </div>
      <div role="gridcell" class="fate" title={FATES[fate].meaning}>
        {TROUBLED_FATES.has(fate) && <strong>{FATES[fate].word}</strong>} {told}
        {way !== '' && <span class="muted"> · {way}</span>}
      </div>
    </div>
  );
});

function wayOf({ written_us, received_us, execution_began_us, execution_ended_us }: Journey): string {
  if (execution_began_us !== null && execution_ended_us !== null)
    return `ran ${duration((execution_ended_us - execution_began_us) / 1000)}`;
  if (written_us !== null && received_us !== null && received_us > written_us)
    return `${duration((received_us - written_us) / 1000)} on the way`;
  return '';
}
