import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { ChannelEnd } from '../../channel-end.js';
import { followed } from '../../followed.js';
import { sizeOf, type Message } from '../../message.js';
import { connectionIdOfAccept } from './connection-id.js';
import { ControlIds } from './control-ids.js';
import { failedUpgrade, rejectedUpgrade } from './upgrade.js';
import type { Received } from '../../recorder/recorder.js';

type Callback = (error?: Error) => void;

interface SendOptions {
  readonly binary?: boolean;
  readonly fin?: boolean;
}

/** `ws` keeps this to itself; without it, who closed first is told less exactly. */
interface Internals {
  readonly _closeFrameReceived?: boolean;
}

export interface SocketSettings {
  readonly end: 'agent' | 'server';
  /** The `message` listeners are the frames' handlers; else the application says when a frame executes. */
  readonly listenersHandle: boolean;
  readonly onClosed: () => void;
}

const OPEN = 1;

/** The methods that are replaced on the instance, and given back. */
const REPLACED = ['send', 'ping', 'pong', 'close', 'terminate', 'emit'] as const;

type Method = (this: WebSocket, ...args: unknown[]) => unknown;
type Methods = Readonly<Record<(typeof REPLACED)[number], Method>>;

/**
 * Watches one `ws` socket by replacing methods on the instance, so that no listener is added or removed: some change what
 * `ws` does, as one for `error` or `unexpected-response`. What the application sees and what the peer gets stay as they
 * were.
 */
export class WatchedSocket {
  readonly #ids: { readonly mine: ControlIds; readonly peers: ControlIds };
  readonly #original: Methods;
  readonly #own: Methods;
  #released = false;
  #accept: string | undefined;
  #closedHere = false;
  /** Of a message that is sent in fragments: the first one, and bytes so far. */
  #fragments: { readonly first: unknown; size: number } | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly channel: ChannelEnd,
    private readonly settings: SocketSettings,
  ) {
    const mine = settings.end === 'agent' ? 'agent' : 'server';
    this.#ids = {
      mine: new ControlIds(mine),
      peers: new ControlIds(mine === 'agent' ? 'server' : 'agent'),
    };
    const methods = socket as unknown as Methods;
    this.#original = Object.fromEntries(REPLACED.map((name) => [name, methods[name]])) as Methods;
    this.#own = this.#methods();
    Object.assign(socket, this.#own);
  }

  /** Gives the methods back. */
  release(): void {
    // What somebody else has replaced since is theirs, and goes on calling ours, which then only pass on.
    this.#released = true;
    this.channel.released();
    const methods = this.socket as unknown as Methods;
    for (const name of REPLACED)
      if (methods[name] === this.#own[name]) Reflect.deleteProperty(this.socket, name);
  }

  #methods(): Methods {
    return {
      send: (data, options, callback) => {
        const given = typeof options === 'function' ? {} : options;
        const done = this.#sending(data, given ?? {});
        this.#through(done, typeof options === 'function' ? options : callback, (called) => {
          this.#call('send', data, given, called);
        });
      },
      ping: (...args) => {
        this.#control('ping', args);
      },
      pong: (...args) => {
        this.#control('pong', args);
      },
      close: (...args) => {
        // `ws` calls this itself to answer the peer's close frame.
        if ((this.socket as Internals)._closeFrameReceived !== true) this.#closedHere = true;
        this.#call('close', ...args);
      },
      terminate: () => {
        this.#closedHere = true;
        this.#call('terminate');
      },
      emit: (event, ...args) => {
        if (event === 'message' && !this.#released) return this.#message(args);
        this.channel.guard.run(() => {
          if (!this.#released) this.#observe(event, args);
        });
        return this.#call('emit', event, ...args);
      },
    };
  }

  #call(name: keyof Methods, ...args: unknown[]): unknown {
    return Reflect.apply(this.#original[name], this.socket, args);
  }

  /** Calls `ws` with a callback that ends the write, and then calls the application's. */
  #through(
    done: ((error?: unknown) => void) | undefined,
    callback: unknown,
    call: (called: Callback) => void,
  ): void {
    const { guard } = this.channel;
    const called = (error?: Error): void => {
      guard.run(() => done?.(error));
      if (typeof callback === 'function')
        Reflect.apply(callback, undefined, error === undefined ? [] : [error]);
    };
    try {
      call(called);
    } catch (error) {
      guard.run(() => done?.(error));
      throw error;
    }
  }

  #sending(data: unknown, { binary, fin }: SendOptions): ((error?: unknown) => void) | undefined {
    if (this.#released) return undefined;
    return this.channel.guard.run(() => {
      const fragments = (this.#fragments ??= { first: data, size: 0 });
      fragments.size += sizeOf(data);
      if (fin === false) return undefined;
      this.#fragments = undefined;
      const { first, size } = fragments;
      const type = (binary ?? typeof data !== 'string') ? 'binary' : 'text';
      return this.channel.write({ data: first, type, size });
    });
  }

  /** `ping` and `pong` take (data, mask, callback), of which the first ones may be left out. */
  #control(type: 'ping' | 'pong', args: readonly unknown[]): void {
    const at = args.findIndex((arg) => typeof arg === 'function');
    const [data, mask] = at < 0 ? args : args.slice(0, at);
    const ids = type === 'ping' ? this.#ids.mine : this.#ids.peers;
    const done = this.#released
      ? undefined
      : this.channel.guard.run(() =>
          this.channel.write(control(type, data), { id: ids.next(type, data), kind: type }),
        );
    this.#through(done, args[at], (called) => {
      this.#call(type, data, mask, called);
    });
  }

  /** A message has arrived: it is received, and then executes while its listeners run, should they be its handlers. */
  #message(args: readonly unknown[]): unknown {
    const { channel } = this;
    const [data, isBinary] = args;
    const message: Message = { data, type: isBinary === true ? 'binary' : 'text', size: sizeOf(data) };
    const received = channel.guard.run(() => channel.receive(message));
    if (received === undefined) return this.#call('emit', 'message', ...args);
    const listeners = this.#handles(received) ? this.socket.rawListeners('message') : [];
    if (listeners.length > 0) return this.#execute(received, listeners, args);
    try {
      return this.#call('emit', 'message', ...args);
    } finally {
      this.#routed(received);
    }
  }

  #handles({ frame }: Received): boolean {
    return this.settings.listenersHandle && frame.kind !== 'ack' && !EventEmitter.captureRejections;
  }

  /** Calls the listeners as EventEmitter does, but looks at what they return. */
  #execute(received: Received, listeners: readonly unknown[], args: readonly unknown[]): true {
    const { channel, socket } = this;
    const done = channel.guard.run(() => channel.executing(received));
    void followed(channel.guard, done, () => {
      const results = listeners.map((listener) => Reflect.apply(listener as Method, socket, args));
      this.#routed(received);
      const promises = results.filter((result) => result instanceof Promise);
      return promises.length === 0 ? undefined : Promise.all(promises);
    });
    return true;
  }

  #routed(received: Received): void {
    this.channel.guard.run(() => {
      this.channel.routed(received);
    });
  }

  #observe(event: unknown, args: readonly unknown[]): void {
    const { channel } = this;
    switch (event) {
      case 'upgrade':
        this.#accept = (args[0] as IncomingMessage).headers['sec-websocket-accept'];
        return;
      case 'open':
        channel.opened(connectionIdOfAccept(this.#accept), 'upgrade');
        return;
      case 'unexpected-response':
        channel.attempted(rejectedUpgrade((args[1] as IncomingMessage).statusCode));
        return;
      case 'error':
        channel.attempted(failedUpgrade(args[0]));
        return;
      case 'ping':
      case 'pong': {
        const ids = event === 'ping' ? this.#ids.peers : this.#ids.mine;
        const known = { id: ids.next(event, args[0]), kind: event };
        const received = channel.receive(control(event, args[0]), known);
        if (received !== undefined) channel.routed(received);
        return;
      }
      case 'close':
        this.#closed(Number(args[0]), String(args[1]));
        return;
      default:
        return;
    }
  }

  #closed(code: number, reason: string): void {
    this.channel.attempted(failedUpgrade(undefined));
    const initiator = this.#closedHere ? 'self' : code === ABNORMAL ? 'transport' : 'peer';
    this.channel.closed({ code, reason, initiator });
    this.settings.onClosed();
  }
}

/** RFC 6455, section 7.4.1: the connection ended without a close frame. */
const ABNORMAL = 1006;

function control(type: 'ping' | 'pong', data: unknown): Message {
  return { data: undefined, type, size: sizeOf(data) };
}

/** What `ws` says of itself. */
export function claimsOf(socket: WebSocket): {
  open: boolean;
  reading: boolean;
  writing: boolean;
  handling: boolean;
} {
  const open = socket.readyState === OPEN;
  return {
    open,
    reading: open && !socket.isPaused,
    writing: open,
    handling: socket.listenerCount('message') > 0,
  };
}
