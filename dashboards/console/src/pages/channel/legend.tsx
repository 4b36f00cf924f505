import type { VNode } from 'preact';
import { At, Markers } from './lane-shapes.js';

/** What the marks of the lanes mean, in the order in which a frame passes them. */
export function Legend({ relay }: { relay: boolean }): VNode {
  return (
    <details class="legend" open>
      <summary>Legend</summary>
      <ul>
        <Sign text="queued at its sender">
          <circle r="2.4" class="ring" />
        </Sign>
        <Sign text="written">
          <circle r="2.6" class="dot" />
        </Sign>
        <Sign text="from its write to its receive">
          <line x1="-18" x2="18" y1="-2" y2="2" marker-end="url(#head-live)" />
        </Sign>
        <Sign text="executed: from the call of its handler to its end">
          <rect class="execution" x="-3" y="-6" width="6" height="12" rx="1" />
        </Sign>
        <Sign text="acknowledged to its sender">
          <path class="ack" d="M-4 0l2.4 3 4.4 -6" />
        </Sign>
        <Sign dead text="lost: written, never received">
          <line x1="-18" x2="4" y1="0" y2="0" />
          <path class="cross" d="M-1 -5 9 5M-1 5 9 -5" />
        </Sign>
        <Sign dead text="stalled: its write never completes">
          <path class="stall" d="M-3 -7V7M8 -4l-6 8M2 -4l6 8" />
        </Sign>
        <Sign dead text="received, not executed">
          <path class="unexecuted" d="M-4 -4h8v8h-8zM-3 -3l6 6M3 -3l-6 6" />
        </Sign>
        <Sign dead text="hung: called, and not ended">
          <path class="hung" d="M-3 8V-6h6V8" />
        </Sign>
        <Sign text="nobody there tells whether it arrived">
          <line class="faint" x1="-18" x2="2" y1="0" y2="0" />
          <text class="question" x="6" y="4">
            ?
          </text>
        </Sign>
        {relay && (
          <Sign text="the middle lane is the relay’s tap">
            <line class="lane" x1="0" x2="0" y1="-8" y2="8" />
          </Sign>
        )}
      </ul>
    </details>
  );
}

function Sign({
  text,
  children,
  dead = false,
}: {
  text: string;
  children: VNode | VNode[];
  dead?: boolean;
}): VNode {
  return (
    <li>
      <svg width="44" height="18" aria-hidden="true" class="lane-legend">
        <Markers />
        <g class={dead ? 'frame-dead' : 'frame-live'}>
          <At x="50%" y={9}>
            {children}
          </At>
        </g>
      </svg>
      {text}
    </li>
  );
}
