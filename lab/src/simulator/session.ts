import type { CloseInitiator } from '@halfopen/telemetry';

import type { EndConditions } from './conditions.js';
import { Counters } from './counters.js';
import { type Frame, isControl } from './frame.js';
import { type ChannelObserver, DECODE_ERROR } from './observer.js';
import type { Attributes } from './otlp-json.js';
import type { Random } from './random.js';
import { watchPending } from './watchdog.js';

const ENQUEUE_US = 100;
const WRITE_US_MIN = 600;
const WRITE_US_MAX = 1_700;
const RECEIVE_US = 300;
const RECEIVE_CONTROL_US = 50;
/** So long the buffers between the ends take what nobody reads. */
export const BUFFERS_FILL_US = 5_000_000;

/** The application above a session, to which its frames go. */
export interface SessionOwner {
  /** A frame that was received, decoded and routed. */
  take(frame: Frame, session: Session): void;
  reportState(session: Session): void;
  closed(session: Session): void;
}

interface Outgoing {
  readonly frame: Frame;
  readonly enqueuedUs: number;
  /** Since when it is offered to the writer. */
  offeredUs: number | undefined;
  writing: boolean;
}

/** What the network offers a session: a way out for written frames, and the peer's refusal to take more. */
export interface Outlet {
  carry(frame: Frame): void;
  /** The buffers on the way are full, since nothing empties them. */
  full(): boolean;
}

/** One end of one connection: its queue, writer, reader and counters. */
export class Session {
  readonly counters = new Counters();
  readonly openedUs: number;
  /** Commands written here that await their acknowledgement, by id. */
  readonly unacknowledged = new Map<string, Frame>();
  /** Handed over and not yet written, oldest first. */
  #outgoing: Outgoing[] = [];
  /** Arrived, and not read by a reader that is dead. */
  #unread: Frame[] = [];
  #seq = 0;
  #writerFreeUs = 0;
  #readerFreeUs = 0;
  #lastTxUs: number;
  #lastRxUs: number;
  #closed = false;

  constructor(
    readonly connectionId: string,
    readonly observer: ChannelObserver,
    private readonly conditions: EndConditions,
    private readonly owner: SessionOwner,
    private readonly outlet: Outlet,
    private readonly random: Random,
  ) {
    this.openedUs = observer.process.nowUs;
    this.#lastTxUs = this.openedUs;
    this.#lastRxUs = this.openedUs;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get rxAgeUs(): number {
    return this.#nowUs - this.#lastRxUs;
  }

  get #nowUs(): number {
    return this.observer.process.nowUs;
  }

  /** The buffers towards this end have filled up, since it does not read them. */
  get jammed(): boolean {
    const deadSinceUs = this.conditions.readerDeadSinceUs;
    if (deadSinceUs === undefined) return false;
    return this.#nowUs >= Math.max(deadSinceUs, this.openedUs) + BUFFERS_FILL_US;
  }

  /** Stage `enqueue`, and what follows from it. */
  send(frame: Frame): void {
    if (this.#closed) {
      this.drop(frame);
      return;
    }
    const outgoing: Outgoing = { frame, enqueuedUs: this.#nowUs, offeredUs: undefined, writing: false };
    this.#outgoing.push(outgoing);
    this.observer.process.after(ENQUEUE_US, () => {
      this.observer.frame('enqueue', frame, this.connectionId, outgoing.enqueuedUs, 'ok');
      this.#offer(outgoing);
    });
  }

  /** The application hands a frame over and is told that there is no connection. */
  drop(frame: Frame): void {
    this.observer.frame('enqueue', frame, this.connectionId, this.#nowUs, 'dropped', {
      'frame.drop_reason': 'not_connected',
    });
  }

  /** A frame's bytes reach this end's socket. */
  arrive(frame: Frame): void {
    this.observer.process.run(() => {
      if (this.#closed) return;
      if (this.conditions.readerDeadSinceUs === undefined) this.#read(frame);
      else this.#unread.push(frame);
    });
  }

  /** Conditions have changed for the better: what had been waiting for that goes on. */
  resume(): void {
    if (this.#closed) return;
    if (this.conditions.readerDeadSinceUs === undefined) {
      for (const frame of this.#unread.splice(0)) this.arrive(frame);
    }
    for (const outgoing of [...this.#outgoing]) {
      if (outgoing.offeredUs === undefined) this.#offer(outgoing);
      else if (!outgoing.writing) this.#tryWrite(outgoing);
    }
  }

  close(code: number, reason: string, initiator: CloseInitiator): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { frame, offeredUs } of this.#outgoing) {
      if (offeredUs === undefined) continue;
      this.observer.frame('socket_write', frame, this.connectionId, offeredUs, 'error', {
        'error.type': 'connection_closed',
      });
    }
    this.observer.close({
      'channel.connection.id': this.connectionId,
      'channel.close.code': code,
      'channel.close.reason': reason,
      'channel.close.initiator': initiator,
      'channel.lifetime_ms': Math.floor((this.#nowUs - this.openedUs) / 1000),
    });
    this.owner.reportState(this);
    this.#outgoing = [];
    this.owner.closed(this);
  }

  /** The part of `channel.state` that concerns the connection. */
  stateAttributes(): Attributes {
    const oldest = this.#outgoing[0];
    const ageMs = (sinceUs: number): number => Math.floor((this.#nowUs - sinceUs) / 1000);
    return {
      'channel.connection.id': this.connectionId,
      'channel.connected': !this.#closed,
      'channel.reader.alive': !this.#closed && this.conditions.readerClaimsAlive,
      'channel.writer.alive': !this.#closed && this.conditions.writerClaimsAlive,
      'channel.handler.alive': this.conditions.handlerClaimsAlive,
      'channel.queue.depth': this.#outgoing.length,
      'channel.queue.oldest_ms': oldest === undefined ? 0 : ageMs(oldest.enqueuedUs),
      'channel.rx.age_ms': ageMs(this.#lastRxUs),
      'channel.tx.age_ms': ageMs(this.#lastTxUs),
      ...this.counters.snapshot(),
    };
  }

  #offer(outgoing: Outgoing): void {
    if (this.#closed || outgoing.offeredUs !== undefined || this.conditions.holds(outgoing.frame)) return;
    const offeredUs = this.#nowUs;
    outgoing.offeredUs = offeredUs;
    if (this.#tryWrite(outgoing)) return;
    watchPending(
      this.observer.process,
      () => !this.#closed && this.#outgoing.includes(outgoing),
      () => {
        this.observer.frame('socket_write', outgoing.frame, this.connectionId, offeredUs, 'pending');
      },
    );
  }

  #tryWrite(outgoing: Outgoing): boolean {
    if (this.conditions.stalls(outgoing.frame) || this.outlet.full()) return false;
    outgoing.writing = true;
    this.#writerFreeUs = Math.max(
      this.#nowUs + this.random.integer(WRITE_US_MIN, WRITE_US_MAX),
      this.#writerFreeUs + 1,
    );
    this.observer.process.after(this.#writerFreeUs - this.#nowUs, () => {
      this.#wrote(outgoing);
    });
    return true;
  }

  #wrote(outgoing: Outgoing): void {
    if (this.#closed) return;
    const { frame } = outgoing;
    this.#outgoing.splice(this.#outgoing.indexOf(outgoing), 1);
    this.#seq += 1;
    frame.seq = this.#seq;
    this.#lastTxUs = this.#nowUs;
    this.counters.wrote(frame);
    if (frame.kind === 'command') this.unacknowledged.set(frame.id, frame);
    this.observer.frame('socket_write', frame, this.connectionId, outgoing.offeredUs ?? this.#nowUs, 'ok');
    this.outlet.carry(frame);
  }

  #read(frame: Frame): void {
    const startUs = this.#nowUs;
    this.#readerFreeUs = Math.max(
      startUs + (isControl(frame) ? RECEIVE_CONTROL_US : RECEIVE_US),
      this.#readerFreeUs + 1,
    );
    this.observer.process.after(this.#readerFreeUs - startUs, () => {
      if (!this.#closed) this.#decode(frame, startUs);
    });
  }

  #decode(frame: Frame, startUs: number): void {
    if (this.conditions.garbles(frame)) {
      this.counters.add('channel.rx.decode_errors');
      this.observer.garbled(frame, this.connectionId, startUs);
      return;
    }
    if (this.conditions.rejects(frame)) {
      this.counters.add('channel.rx.decode_errors');
      this.observer.frame('receive', frame, this.connectionId, startUs, 'error', DECODE_ERROR);
      return;
    }
    this.#lastRxUs = this.#nowUs;
    this.counters.received(frame);
    if (this.conditions.misroutes(frame)) {
      this.counters.add('channel.rx.unrouted');
      this.observer.frame('receive', frame, this.connectionId, startUs, 'dropped', {
        'frame.drop_reason': 'unrouted',
      });
      return;
    }
    this.observer.frame('receive', frame, this.connectionId, startUs, 'ok');
    this.owner.take(frame, this);
  }
}
