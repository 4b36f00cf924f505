import type { EndConditions } from './conditions.js';
import type { Frame, FrameFactory } from './frame.js';
import type { ChannelObserver } from './observer.js';
import type { Random } from './random.js';
import type { Session } from './session.js';
import { watchPending } from './watchdog.js';

const ACK_US = 100;
const COMMAND_US_MIN = 100_000;
const COMMAND_US_MAX = 300_000;
const OTHER_US_MIN = 1_000;
const OTHER_US_MAX = 4_000;

/** What one end does with a frame that was received: acknowledge, execute, answer. */
export class Handler {
  #executing = 0;
  /** What ends the handlers that hang, should they ever be freed. */
  #hung: (() => void)[] = [];

  constructor(
    private readonly observer: ChannelObserver,
    private readonly conditions: EndConditions,
    private readonly executors: () => readonly string[],
    private readonly frames: FrameFactory,
    private readonly random: Random,
    /** Called when a frame's handler has ended well. */
    private readonly succeeded: (frame: Frame, session: Session) => void,
  ) {}

  /** Handlers running now, on whichever connection their frames came. */
  get executing(): number {
    return this.#executing;
  }

  /** Conditions have changed: handlers that hung end, unless they still hang. */
  resume(): void {
    if (this.#hangs()) return;
    for (const end of this.#hung.splice(0)) end();
  }

  take(frame: Frame, session: Session): void {
    switch (frame.kind) {
      case 'ping':
        // The transport's own answer: it needs no handler.
        session.send(this.frames.pong(frame));
        return;
      case 'pong':
        return;
      case 'ack':
        if (this.#works()) this.#acknowledged(frame, session);
        return;
      case 'command':
        if (this.#works()) this.#acknowledge(frame, session);
        break;
      case 'result':
      case 'heartbeat':
      case 'config':
      case 'hello':
        break;
    }
    if (!this.#works()) return;
    for (const executor of this.executors()) this.#execute(frame, session, executor);
  }

  #works(): boolean {
    if (this.conditions.handler === 'dead') return false;
    return !(this.conditions.handler === 'stuck-serially' && this.#executing > 0);
  }

  #acknowledge(command: Frame, session: Session): void {
    const direction = command.direction === 'to_agent' ? 'to_server' : 'to_agent';
    this.#reportAck(command, session);
    session.send(this.frames.make(direction, 'ack', command.id));
  }

  #acknowledged(ack: Frame, session: Session): void {
    const id = ack.replyTo ?? '';
    const command = session.unacknowledged.get(id);
    if (command === undefined) return;
    session.unacknowledged.delete(id);
    this.#reportAck(command, session);
  }

  #reportAck(command: Frame, session: Session): void {
    const startUs = this.observer.process.nowUs;
    this.observer.process.after(ACK_US, () => {
      this.observer.frame('ack', command, session.connectionId, startUs, 'ok');
    });
  }

  #execute(frame: Frame, session: Session, executor: string): void {
    const startUs = this.observer.process.nowUs;
    const named = { 'frame.executor.id': executor };
    let open = true;
    this.#executing += 1;
    watchPending(
      this.observer.process,
      () => open,
      () => {
        this.observer.frame('execute', frame, session.connectionId, startUs, 'pending', named);
      },
    );
    const end = (): void => {
      open = false;
      this.#executing -= 1;
      this.#executed(frame, session, startUs, executor);
    };
    if (this.#hangs()) this.#hung.push(end);
    else this.observer.process.after(this.#durationUs(frame), end);
  }

  #executed(frame: Frame, session: Session, startUs: number, executor: string): void {
    const failed = this.conditions.fails(frame);
    if (failed) session.counters.add('channel.handler.errors');
    else if (frame.kind === 'command') session.counters.add('channel.executed');
    this.observer.frame('execute', frame, session.connectionId, startUs, failed ? 'error' : 'ok', {
      'frame.executor.id': executor,
      'error.type': failed ? 'handler_exception' : undefined,
    });
    if (!failed) this.succeeded(frame, session);
  }

  #hangs(): boolean {
    return this.conditions.handler === 'stuck' || this.conditions.handler === 'stuck-serially';
  }

  #durationUs(frame: Frame): number {
    if (frame.kind !== 'command') return this.random.integer(OTHER_US_MIN, OTHER_US_MAX);
    return this.conditions.commandDurationUs ?? this.random.integer(COMMAND_US_MIN, COMMAND_US_MAX);
  }
}
