import type { CounterName } from '@halfopen/telemetry';
import { isControl, type Frame } from './frame.js';

/** Kinds that are counted apart as well. */
const APART = new Map<string | undefined, 'heartbeats' | 'commands' | 'acks'>([
  ['heartbeat', 'heartbeats'],
  ['command', 'commands'],
  ['ack', 'acks'],
]);

/** What an end has counted on one connection, by the contract's names: cumulative, and exact whatever is sampled. */
export class Counters {
  readonly values: Record<CounterName, number> = {
    'channel.tx.frames': 0,
    'channel.rx.frames': 0,
    'channel.tx.control': 0,
    'channel.rx.control': 0,
    'channel.tx.heartbeats': 0,
    'channel.rx.heartbeats': 0,
    'channel.tx.commands': 0,
    'channel.rx.commands': 0,
    'channel.tx.acks': 0,
    'channel.rx.acks': 0,
    'channel.executed': 0,
    'channel.tx.bytes': 0,
    'channel.rx.bytes': 0,
    'channel.rx.decode_errors': 0,
    'channel.rx.unrouted': 0,
    'channel.handler.errors': 0,
  };

  add(name: CounterName): void {
    this.values[name] += 1;
  }

  written(frame: Frame): void {
    this.#carried('tx', frame);
  }

  received(frame: Frame): void {
    this.#carried('rx', frame);
  }

  #carried(way: 'tx' | 'rx', frame: Frame): void {
    this.values[`channel.${way}.bytes`] += frame.size ?? 0;
    this.add(isControl(frame) ? `channel.${way}.control` : `channel.${way}.frames`);
    const apart = APART.get(frame.kind);
    if (apart !== undefined) this.add(`channel.${way}.${apart}`);
  }
}
