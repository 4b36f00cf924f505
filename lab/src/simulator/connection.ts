import type { Conditions } from './conditions.js';
import { Link, type Tap } from './link.js';
import type { ChannelObserver } from './observer.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import { type Outlet, Session, type SessionOwner } from './session.js';

/** The way of a close, or of a reset, to the other end. */
const CLOSE_TRAVELS_US = 20_000;
/** WebSocket's close codes, RFC 6455 section 7.4.1. */
export const CLOSE_CODE = {
  normal: 1000,
  goingAway: 1001,
  noStatus: 1005,
  abnormal: 1006,
  policyViolation: 1008,
  serviceRestart: 1012,
} as const;

export interface ConnectionEnd {
  readonly observer: ChannelObserver;
  readonly owner: SessionOwner;
}

/** One transport connection: a session at either end, and a link each way. */
export class Connection {
  readonly agent: Session;
  readonly server: Session;
  readonly #toAgent: Link;
  #severed = false;

  constructor(
    readonly id: string,
    private readonly scheduler: Scheduler,
    private readonly conditions: Conditions,
    ends: { readonly agent: ConnectionEnd; readonly server: ConnectionEnd },
    random: Random,
    tap: Tap | undefined,
  ) {
    const { path } = conditions;
    this.#toAgent = new Link(scheduler, random, path, tap, (frame) => {
      this.agent.arrive(frame);
    });
    const toServer = new Link(scheduler, random, path, tap, (frame) => {
      this.server.arrive(frame);
    });
    const outlet = (link: Link, peer: () => Session): Outlet => ({
      carry: (frame) => {
        if (!this.#severed) link.carry(frame);
      },
      full: () => peer().jammed || scheduler.nowUs >= (path.jammedFromUs ?? Infinity),
    });
    this.agent = new Session(
      id,
      ends.agent.observer,
      conditions.agent,
      ends.agent.owner,
      outlet(toServer, () => this.server),
      random,
    );
    this.server = new Session(
      id,
      ends.server.observer,
      conditions.server,
      ends.server.owner,
      outlet(this.#toAgent, () => this.agent),
      random,
    );
    this.watchIdle();
  }

  /** One end closes; the other learns of it unless nothing passes. */
  close(by: 'agent' | 'server', code: number, reason: string): void {
    const [self, peer] = by === 'agent' ? [this.agent, this.server] : [this.server, this.agent];
    self.close(code, reason, 'self');
    if (this.conditions.path.partitioned || this.#severed) return;
    this.scheduler.after(CLOSE_TRAVELS_US, () => {
      // A close without a status has no room for a reason either.
      const told = code === CLOSE_CODE.noStatus ? '' : reason;
      peer.observer.process.run(() => {
        peer.close(code, told, 'peer');
      });
    });
  }

  /** The transport ends it: reset, a middlebox, the death of a process. */
  breakDown(): void {
    for (const session of [this.agent, this.server]) {
      this.scheduler.after(CLOSE_TRAVELS_US, () => {
        session.observer.process.run(() => {
          session.close(CLOSE_CODE.abnormal, '', 'transport');
        });
      });
    }
  }

  /** The agent's side is gone and the server never hears of it: what it writes goes nowhere. */
  sever(): void {
    this.#severed = true;
    this.agent.close(CLOSE_CODE.abnormal, '', 'transport');
  }

  /** Conditions have changed: what had waited goes on; an end whose peer had closed meanwhile is told. */
  resume(): void {
    this.agent.resume();
    this.server.resume();
    if (this.agent.closed !== this.server.closed && !this.conditions.path.partitioned && !this.#severed) {
      this.breakDown();
    }
    this.watchIdle();
  }

  /** A middlebox forgets the connection once it has carried nothing towards the agent for too long. */
  watchIdle(): void {
    const limitUs = this.conditions.path.idleLimitUs;
    if (limitUs === undefined || (this.agent.closed && this.server.closed)) return;
    const dueUs = this.#toAgent.lastCarriedUs + limitUs;
    if (this.scheduler.nowUs >= dueUs) this.breakDown();
    else {
      this.scheduler.at(dueUs, () => {
        this.watchIdle();
      });
    }
  }
}
