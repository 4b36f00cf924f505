import type { ComponentChildren, VNode } from 'preact';
import type { Lanes, LaneShape } from '../../model/lanes.js';

/** Where the lanes stand, in the width that they have. */
export const LANES = { agent: '16%', relay: '50%', server: '84%' } as const;

/** The drawing over the list: for the eye; the rows say the same in words. */
export function LaneShapes({
  lanes,
  from,
  to,
  relay,
}: {
  lanes: Lanes;
  from: number;
  to: number;
  relay: boolean;
}): VNode {
  const seen = lanes.shapes.filter(
    ({ y1, y2, execution }) =>
      y1 <= to && Math.max(y2, execution === null ? 0 : (execution.to ?? lanes.height)) >= from,
  );
  return (
    <svg class="lane-shapes" height={lanes.height} aria-hidden="true">
      <Markers />
      <line class="lane" x1={LANES.agent} x2={LANES.agent} y1={from} y2={Math.min(to, lanes.height)} />
      {relay && (
        <line class="lane" x1={LANES.relay} x2={LANES.relay} y1={from} y2={Math.min(to, lanes.height)} />
      )}
      <line class="lane" x1={LANES.server} x2={LANES.server} y1={from} y2={Math.min(to, lanes.height)} />
      {seen.map((shape) => (
        <Shape key={shape.index} shape={shape} height={lanes.height} />
      ))}
    </svg>
  );
}

export function Markers(): VNode {
  return (
    <defs>
      {['live', 'dead'].map((name) => (
        <marker
          key={name}
          id={`head-${name}`}
          viewBox="0 0 8 8"
          refX="8"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0 0.8 8 4 0 7.2z" class={`head-${name}`} />
        </marker>
      ))}
    </defs>
  );
}

function Shape({ shape, height }: { shape: LaneShape; height: number }): VNode {
  const { direction, arrow, y1, y2, dead } = shape;
  const toAgent = direction === 'to_agent';
  const [sender, receiver] = toAgent ? [LANES.server, LANES.agent] : [LANES.agent, LANES.server];
  /** Away from the other lane. */
  const out = toAgent ? 1 : -1;
  const tone = dead ? 'dead' : 'live';
  return (
    <g class={`frame-${tone} ${direction}`}>
      {arrow === 'whole' && (
        <line x1={sender} x2={receiver} y1={y1} y2={y2} marker-end={`url(#head-${tone})`} />
      )}
      {arrow === 'lost' && <Cut x1={sender} x2="50%" y1={y1} y2={(y1 + y2) / 2} sign="cross" />}
      {arrow === 'unseen' && <Cut x1={sender} x2={toAgent ? '38%' : '62%'} y1={y1} y2={y2} sign="question" />}
      <At x={sender} y={y1}>
        {arrow === 'stalled' ? (
          <path class="stall" d={`M${-out * 3} -7V7M${-out * 8} -4l-6 8M${-out * 8 - 6} -4l6 8`} />
        ) : (
          <circle r="2.6" class="dot" />
        )}
        {shape.enqueued && <circle r="2.4" cx={out * 9} class="ring" />}
        {shape.acked && <path class="ack" d={`M${out * 17 - 3} 0l2.4 3 4.4 -6`} />}
      </At>
      {shape.unexecuted && (
        <At x={receiver} y={y2}>
          <path
            class="unexecuted"
            d={`M${-out * 11 - 4} -4h8v8h-8zM${-out * 11 - 3} -3l6 6M${-out * 11 + 3} -3l-6 6`}
          />
        </At>
      )}
      {shape.execution !== null && (
        <Execution
          x={receiver}
          side={-out}
          from={shape.execution.from}
          to={shape.execution.to}
          height={height}
          failed={shape.failed}
        />
      )}
    </g>
  );
}

/** A place in the drawing: across in percent of the width, marks about it in pixels. */
export function At({ x, y, children }: { x: string; y: number; children: ComponentChildren }): VNode {
  return (
    <svg x={x} y={y} class="at">
      {children}
    </svg>
  );
}

function Cut({
  x1,
  x2,
  y1,
  y2,
  sign,
}: {
  x1: string;
  x2: string;
  y1: number;
  y2: number;
  sign: 'cross' | 'question';
}): VNode {
  return (
    <>
      <line x1={x1} x2={x2} y1={y1} y2={y2} class={sign === 'question' ? 'faint' : ''} />
      <At x={x2} y={y2}>
        {sign === 'cross' ? (
          <path class="cross" d="M-5 -5 5 5M-5 5 5 -5" />
        ) : (
          <text class="question" y="4">
            ?
          </text>
        )}
      </At>
    </>
  );
}

/** From the call of the handler to its end; open at the bottom while it has not come. */
function Execution({
  x,
  side,
  from,
  to,
  height,
  failed,
}: {
  x: string;
  side: number;
  from: number;
  to: number | null;
  height: number;
  failed: boolean;
}): VNode {
  const left = side * 11 - 3;
  if (to !== null)
    return (
      <At x={x} y={from}>
        <rect
          class={failed ? 'execution failed' : 'execution'}
          x={left}
          width="6"
          height={to - from}
          rx="1"
        />
      </At>
    );
  return (
    <At x={x} y={from}>
      <path class="hung" d={`M${left} ${height - from}V0h6V${height - from}`} />
    </At>
  );
}
