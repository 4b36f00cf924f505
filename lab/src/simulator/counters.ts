import type { CounterName } from '@halfopen/telemetry';

import { type Frame, isControl } from './frame.js';

/** What one end of one connection has counted since its open: exact, whatever becomes of the frames' spans. */
export class Counters {
  readonly #counts: Record<CounterName, number> = {
    'channel.tx.frames': 0,
    'channel.rx.frames': 0,
    'channel.tx.control': 0,
    'channel.rx.control': 0,
    'channel.tx.bytes': 0,
    'channel.rx.bytes': 0,
    'channel.tx.heartbeats': 0,
    'channel.rx.heartbeats': 0,
    'channel.tx.commands': 0,
    'channel.rx.commands': 0,
    'channel.tx.acks': 0,
    'channel.rx.acks': 0,
    'channel.executed': 0,
    'channel.rx.decode_errors': 0,
    'channel.rx.unrouted': 0,
    'channel.handler.errors': 0,
  };

  /** To be called at the completed write. */
  wrote(frame: Frame): void {
    this.#count('tx', frame);
  }

  /** To be called at the receive; a frame that does not decode is counted by {@link add} instead. */
  received(frame: Frame): void {
    this.#count('rx', frame);
  }

  add(name: CounterName): void {
    this.#counts[name] += 1;
  }

  snapshot(): Readonly<Record<CounterName, number>> {
    return { ...this.#counts };
  }

  #count(way: 'tx' | 'rx', frame: Frame): void {
    this.#counts[`channel.${way}.bytes`] += frame.size;
    this.add(isControl(frame) ? `channel.${way}.control` : `channel.${way}.frames`);
    if (frame.kind === 'heartbeat') this.add(`channel.${way}.heartbeats`);
    if (frame.kind === 'command') this.add(`channel.${way}.commands`);
    if (frame.kind === 'ack') this.add(`channel.${way}.acks`);
  }
}
