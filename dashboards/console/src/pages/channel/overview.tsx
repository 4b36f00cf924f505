import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { FramesAnswer } from '../../contract.js';
import { clock } from '../../model/time.js';
import { chooseRange } from './range.js';

const HEIGHT_PX = 36;

/** Frames over the range, those that died in their own colour. Dragging over it zooms; the buttons above do the same. */
export function Overview({ answer }: { answer: FramesAnswer }): VNode {
  const { frames, dead, step_ms } = answer.overview;
  const most = Math.max(1, ...frames);
  const box = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const share = (event: PointerEvent): number => {
    const { left, width } = box.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  const done = (): void => {
    if (drag === undefined) return;
    setDrag(undefined);
    const span = answer.to_ms - answer.from_ms;
    const [a, b] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    if (b - a > 0.01) chooseRange({ from_ms: answer.from_ms + a * span, to_ms: answer.from_ms + b * span });
  };
  const bar = (values: readonly number[], name: string): VNode[] =>
    values.flatMap((value, index) =>
      value === 0
        ? []
        : [
            <rect
              key={`${name}${index}`}
              class={name}
              x={index}
              width={0.8}
              y={HEIGHT_PX - Math.max(2, (value / most) * HEIGHT_PX)}
              height={Math.max(2, (value / most) * HEIGHT_PX)}
            />,
          ],
    );
  return (
    <div class="overview">
      <svg
        ref={box}
        viewBox={`0 0 ${frames.length} ${HEIGHT_PX}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Frames from ${clock(answer.from_ms)} to ${clock(answer.to_ms)}, in steps of ${Math.round(step_ms / 1000)} s; at most ${most}`}
        onPointerDown={(event) => {
          box.current?.setPointerCapture(event.pointerId);
          setDrag({ from: share(event), to: share(event) });
        }}
        onPointerMove={(event) => {
          if (drag !== undefined) setDrag({ ...drag, to: share(event) });
        }}
        onPointerUp={done}
      >
        {bar(frames, 'all')}
        {bar(dead, 'dead')}
        {drag !== undefined && (
          <rect
            class="drag"
            x={Math.min(drag.from, drag.to) * frames.length}
            width={Math.abs(drag.to - drag.from) * frames.length}
            y={0}
            height={HEIGHT_PX}
          />
        )}
      </svg>
      <span class="muted overview-ends" aria-hidden="true">
        <span>{clock(answer.from_ms)}</span>
        <span>drag to zoom</span>
        <span>{clock(answer.to_ms)}</span>
      </span>
    </div>
  );
}
