import {
  CHANNEL_STATES,
  DIRECTION_STATES,
  type ChannelState,
  type DirectionState,
  type Severity,
} from '@halfopen/telemetry';
import type { ComponentChildren, VNode } from 'preact';
import { age, moment, utc } from '../../model/time.js';
import { DIRECTION_SHAPES, SEVERITY_SHAPES, STATE_SHAPES } from '../../model/words.js';
import { now } from '../live.js';
import { go } from '../router.js';

/** A link within the console; with Ctrl, Shift or another button it is a link as any. */
export function Link({
  href,
  children,
  class: name,
  title,
  tabIndex,
  label,
  current,
}: {
  href: string;
  children: ComponentChildren;
  class?: string;
  title?: string;
  tabIndex?: number;
  label?: string;
  current?: boolean;
}): VNode {
  return (
    <a
      href={href}
      class={name}
      title={title}
      tabIndex={tabIndex}
      aria-label={label}
      aria-current={current === true ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(href);
      }}
    >
      {children}
    </a>
  );
}

export function State({ state }: { state: ChannelState }): VNode {
  return (
    <span class={`state state-${state}`} title={CHANNEL_STATES[state]}>
      <span aria-hidden="true">{STATE_SHAPES[state]}</span> {state}
    </span>
  );
}

export function Direction({ state }: { state: DirectionState | '' }): VNode {
  if (state === '') return <span class="muted">not open</span>;
  return (
    <span class={`direction direction-${state}`} title={DIRECTION_STATES[state]}>
      <span aria-hidden="true">{DIRECTION_SHAPES[state]}</span> {state}
    </span>
  );
}

export function SeverityMark({ severity }: { severity: Severity }): VNode {
  return (
    <span class={`severity severity-${severity}`}>
      <span aria-hidden="true">{SEVERITY_SHAPES[severity]}</span> {severity}
    </span>
  );
}

/** A moment: how long ago, and when; in UTC on hover. */
export function Moment({ at, only }: { at: number | string; only?: 'relative' | 'absolute' }): VNode {
  const at_ms = typeof at === 'string' ? Date.parse(at) : at;
  const absolute = moment(at_ms, now.value);
  const relative = `${age(at_ms, now.value)} ago`;
  return (
    <time dateTime={new Date(at_ms).toISOString()} title={`${utc(at_ms)}\n${relative}`}>
      {only === 'relative' ? relative : only === 'absolute' ? absolute : `${absolute} (${relative})`}
    </time>
  );
}

/** Puts text where the viewer can paste it. Over plain http, beyond this machine, browsers have no clipboard for pages. */
export async function copy(text: string): Promise<void> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard === undefined)
    throw new Error('this browser lets pages copy over https only: download it instead');
  await clipboard.writeText(text);
}
