import type { Clock } from '../clock.js';
import { Counters } from './counters.js';
import { acknowledged, isControl, type Frame } from './frame.js';
import { Recent } from './recent.js';
import type { Attributes } from './spans.js';
import { OK, type End, type Ending, type Followed, type StageTeller } from './stages.js';

/** Frames of the application's own queue that are followed. */
const QUEUED_MAX = 10_000;

/** Frames remembered for their acks and executions, each way. Many connections may be open. */
const RECENT_MAX = 128;

interface Outgoing extends Followed {
  readonly offered_ms: number;
}

/** Is given what the transport says at the end of a write, an error or nothing; only the first call counts. */
export type WriteEnd = (error?: unknown) => void;

/** A frame being written. */
interface Writing {
  readonly since_ms: number;
  readonly done: WriteEnd;
}

/** A received frame, not yet told of: what its listeners find may change how. */
export interface Received extends Followed {
  readonly begun_ms: number;
  readonly ended_ms: number;
  unrouted: boolean;
  told: boolean;
}

/**
 * What happens to the frames of one connection, at one end: counted, and told as stages. It knows no transport; whoever
 * carries frames calls it.
 */
export class FrameRecorder {
  readonly counters = new Counters();
  /** In the application's own queue, oldest first. */
  readonly #queued = new Map<string, Outgoing>();
  /** Given to the transport and not written, oldest first. */
  readonly #writing = new Set<Writing>();
  readonly #sent = new Recent<Followed>(RECENT_MAX);
  readonly #received = new Recent<Received>(RECENT_MAX);
  readonly #opened_ms: number;
  #written_ms: number | undefined;
  #received_ms: number | undefined;
  #executing = 0;
  #seq = 0;

  constructor(
    private readonly stages: StageTeller,
    private readonly clock: Clock,
    private readonly executorId: string | undefined,
  ) {
    this.#opened_ms = clock.now();
  }

  /** Is taken into the application's own queue. */
  enqueue(frame: Frame): void {
    if (frame.id === undefined || this.#queued.size >= QUEUED_MAX) return;
    this.#queued.set(frame.id, this.#accept(frame));
  }

  /** Leaves the application's own queue without being given to the transport. */
  discard(id: string, dropReason: string): void {
    const queued = this.#queued.get(id);
    if (queued === undefined) return;
    this.#queued.delete(id);
    this.stages.tell('enqueue', queued, { outcome: 'dropped', dropReason }, queued.offered_ms);
  }

  /**
   * Is given to the transport, which begins to write it at once.
   *
   * @returns to be called when the transport has written the bytes, not merely buffered them, or has failed to
   */
  write(frame: Frame): WriteEnd {
    return this.handOver(frame)();
  }

  /**
   * Is given to a transport that may keep it waiting.
   *
   * @returns to be called as the transport begins to write it; what that returns is to be called as in {@link write}
   */
  handOver(frame: Frame): () => WriteEnd {
    const queued = frame.id === undefined ? undefined : this.#queued.get(frame.id);
    if (frame.id !== undefined) this.#queued.delete(frame.id);
    const { offered_ms, context } = queued ?? this.#accept(frame);
    const followed = { frame: { ...frame, seq: ++this.#seq }, context };
    if (frame.id !== undefined && !isControl(frame)) this.#sent.set(frame.id, followed);
    let begun: { readonly ms: number; readonly end: End } | undefined;
    const begin = (): NonNullable<typeof begun> => {
      const ms = this.clock.now();
      return (begun ??= { ms, end: this.stages.open('socket_write', followed, {}, ms) });
    };
    let ended = false;
    const writing: Writing = {
      since_ms: offered_ms,
      done: (error) => {
        if (ended) return;
        ended = true;
        this.#writing.delete(writing);
        const { ms, end } = begin();
        end(endingOf(error));
        if (error === undefined || error === null) this.#written(frame, ms);
      },
    };
    if (!isControl(frame)) this.#writing.add(writing);
    return () => {
      if (!ended) begin();
      return writing.done;
    };
  }

  /** Has been read whole; {@link told} follows once its listeners have run. */
  receive(frame: Frame, begun_ms = this.clock.now()): Received {
    const ended_ms = this.clock.now();
    this.#received_ms = ended_ms;
    this.counters.received(frame);
    const received = { frame, context: undefined, begun_ms, ended_ms, unrouted: false, told: false };
    if (frame.id !== undefined && !isControl(frame)) this.#received.add(frame.id, received);
    return received;
  }

  /** Its listeners have run as far as they go at once: it was routed, or they have said that it was not. */
  told(received: Received): void {
    if (received.told) return;
    received.told = true;
    const { frame, begun_ms, ended_ms, unrouted } = received;
    const ending: Ending = unrouted
      ? { outcome: 'dropped', dropReason: 'unrouted', ended_ms }
      : { outcome: 'ok', ended_ms };
    this.stages.tell('receive', received, ending, begun_ms);
    const about = acknowledged(frame);
    if (about !== undefined) this.#acknowledge(about, this.#sent.get(about.id), begun_ms);
  }

  /** All that was read at once has been routed: of the frames received, only the last ones are remembered. */
  forget(): void {
    this.#received.trim();
  }

  /** A received frame that no handler takes. */
  unrouted(id: string): void {
    const received = this.#received.get(id);
    if (received?.unrouted === true) return;
    this.counters.add('channel.rx.unrouted');
    if (received === undefined) return;
    received.unrouted = true;
    if (received.told) this.stages.tell('receive', received, { outcome: 'dropped', dropReason: 'unrouted' });
  }

  /** Something arrived that could not be decoded. */
  undecodable(frame: Frame, error: string): void {
    this.counters.add('channel.rx.decode_errors');
    this.stages.tellUndecodable('receive', frame, {
      outcome: 'dropped',
      dropReason: 'decode',
      errorType: error,
    });
  }

  /** The application has handed over what is no frame; it is written all the same. */
  malformed(frame: Frame, error: string): void {
    this.stages.tellUndecodable('enqueue', frame, { outcome: 'error', errorType: error });
  }

  /** The received frame of that id; undefined when many have come since. */
  receivedAs(id: string): Received | undefined {
    return this.#received.get(id);
  }

  /**
   * Its handler is called.
   *
   * @returns to be called when the handler has ended, asynchronous work included
   */
  execute(received: Received): (error?: unknown) => void {
    this.#executing += 1;
    const end: End = this.stages.open('execute', received, { 'frame.executor.id': this.executorId });
    let ended = false;
    return (error) => {
      if (ended) return;
      ended = true;
      this.#executing -= 1;
      this.told(received);
      if (received.unrouted) {
        end(undefined); // no handler took it: what ran was the search for one
        return;
      }
      this.counters.add('channel.executed');
      if (error !== undefined && error !== null) this.counters.add('channel.handler.errors');
      end(endingOf(error));
    };
  }

  /** The connection is gone: what was being written never will be. */
  closed(): void {
    for (const { done } of [...this.#writing]) done('connection_closed');
  }

  /** What the recorder knows for `channel.state`. */
  state(): Attributes {
    const now_ms = this.clock.now();
    const [queued] = this.#queued.values();
    const [writing] = this.#writing;
    const oldest_ms = Math.min(queued?.offered_ms ?? now_ms, writing?.since_ms ?? now_ms);
    return {
      ...this.counters.values,
      'channel.queue.depth': this.#queued.size + this.#writing.size,
      'channel.queue.oldest_ms': Math.round(now_ms - oldest_ms),
      'channel.rx.age_ms': Math.round(now_ms - (this.#received_ms ?? this.#opened_ms)),
      'channel.tx.age_ms': Math.round(now_ms - (this.#written_ms ?? this.#opened_ms)),
      'channel.executing': this.#executing,
    };
  }

  #accept(frame: Frame): Outgoing {
    const accepted: Outgoing = { frame, context: undefined, offered_ms: this.clock.now() };
    this.stages.tell('enqueue', accepted, OK, accepted.offered_ms);
    return accepted;
  }

  #written(frame: Frame, begun_ms: number): void {
    this.#written_ms = this.clock.now();
    this.counters.written(frame);
    const about = acknowledged(frame);
    if (about !== undefined) this.#acknowledge(about, this.#received.get(about.id), begun_ms);
  }

  /** An ack that was written, or has arrived, is a stage of the frame that it is about. */
  #acknowledge(about: Frame, known: Followed | undefined, begun_ms: number): void {
    this.stages.tell('ack', known ?? { frame: about, context: undefined }, OK, begun_ms);
  }
}

function endingOf(error: unknown): Ending {
  return error === undefined || error === null ? OK : { outcome: 'error', errorType: errorType(error) };
}

/** A name of few kinds: a code or a class, never a message. */
export function errorType(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!(error instanceof Error)) return '_OTHER';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && code !== '' ? code : error.name;
}
