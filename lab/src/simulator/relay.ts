import { Counters } from './counters.js';
import type { Frame } from './frame.js';
import type { Tap } from './link.js';
import type { ChannelObserver } from './observer.js';
import type { Attributes } from './otlp-json.js';

/**
 * A relay's tap on one connection: it receives whatever comes past, from either side, and writes it on at once.
 * Its counters are over both directions; the kind of a frame tells which.
 */
export class RelayTap implements Tap {
  readonly #counters = new Counters();
  #lastPassedUs: number;

  constructor(
    private readonly observer: ChannelObserver,
    private readonly connectionId: string,
  ) {
    this.#lastPassedUs = observer.process.nowUs;
  }

  pass(frame: Frame): void {
    const { nowUs } = this.observer.process;
    this.#lastPassedUs = nowUs;
    this.#counters.received(frame);
    this.#counters.wrote(frame);
    this.observer.frame('receive', frame, this.connectionId, nowUs, 'ok');
    this.observer.frame('socket_write', frame, this.connectionId, nowUs, 'ok');
  }

  /** What `channel.state` says of it, but for what every end reports alike. */
  stateAttributes(connected: boolean): Attributes {
    const ageMs = Math.floor((this.observer.process.nowUs - this.#lastPassedUs) / 1000);
    return {
      'channel.connection.id': this.connectionId,
      'channel.connected': connected,
      'channel.reader.alive': connected,
      'channel.writer.alive': connected,
      'channel.queue.depth': 0,
      'channel.queue.oldest_ms': 0,
      'channel.rx.age_ms': ageMs,
      'channel.tx.age_ms': ageMs,
      ...this.#counters.snapshot(),
      'channel.executed': undefined,
      'channel.handler.errors': undefined,
      // Forwarding knows no heartbeats' limit.
      'channel.heartbeat.timeout_ms': undefined,
    };
  }
}
