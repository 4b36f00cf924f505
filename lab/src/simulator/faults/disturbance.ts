import type { CauseName, Direction, FrameKind } from '@halfopen/telemetry';

import type { Channel } from '../channel.js';
import type { Undo } from '../conditions.js';
import type { Fleet } from '../fleet.js';
import type { Frame, FramePredicate } from '../frame.js';

/** What a disturbance can be told; each takes some of it (its `options`), and has its own defaults. */
export interface DisturbanceOptions {
  /** Where it strikes. */
  readonly end?: 'agent' | 'server';
  /** Which way's frames are concerned. */
  readonly direction?: Direction;
  /** Which frames are concerned; `data`: all but control frames. */
  readonly kind?: FrameKind | 'data' | 'all';
  /** The share of these frames, or of spans, in (0, 1]. */
  readonly fraction?: number;
  /** True: the end knows of it, and its `channel.state` says so. */
  readonly honest?: boolean;
  /** Of two variants the other one; each disturbance that takes it says which. */
  readonly variant?: string;
  /** The HTTP status that answers the upgrade. */
  readonly status?: number;
  /** What the agent dials. */
  readonly address?: string;
  /** A length of time: of an idle limit, a blocked loop, a command, a clock's error. */
  readonly forMs?: number;
}

/** Something that happens to a fleet: a fault with its cause, or something benign without one. */
export interface Disturbance {
  /** What a right diagnosis names; undefined: it must never raise an alarm. */
  readonly cause: CauseName | undefined;
  /** What happens, in one sentence. */
  readonly meaning: string;
  /** Which channels it strikes unless told: one, those of that one's site, or all. */
  readonly strikes: 'channel' | 'site' | 'fleet';
  /** When, after the scenario's start, unless told. */
  readonly atMs: number;
  /** When it ends unless told; absent: never. */
  readonly untilMs?: number;
  readonly options: readonly (keyof DisturbanceOptions)[];
  /** For `variant`: the words that it takes. */
  readonly variants?: readonly string[];
  /** Brings it about, and returns what ends it. */
  inject(channels: readonly Channel[], options: DisturbanceOptions, fleet: Fleet): Undo;
}

/** Mid-run, as in the samples: three minutes of health first. */
export const MID_RUN_MS = 180_000;

export function each(channels: readonly Channel[], inject: (channel: Channel) => Undo): Undo {
  const undos = channels.map(inject);
  return () => {
    for (const undo of undos) undo();
  };
}

export function both(first: Undo, second: Undo): Undo {
  return () => {
    first();
    second();
  };
}

/** For what cannot be taken back. */
export const irreversible: Undo = () => undefined;

export function ofKind(kind: NonNullable<DisturbanceOptions['kind']>): FramePredicate {
  if (kind === 'all') return () => true;
  if (kind === 'data') return ({ kind: its }: Frame) => its !== 'ping' && its !== 'pong';
  return (frame) => frame.kind === kind;
}

/** The end that receives frames of a direction. */
export function receiverOf(direction: Direction): 'agent' | 'server' {
  return direction === 'to_agent' ? 'agent' : 'server';
}
