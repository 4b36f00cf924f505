import type { Channel } from '@halfopen/agent-shim';
import type { WebSocket } from 'ws';
import type { Frame } from './protocol.js';

/** As applications bound such queues. */
const WAITING_MAX = 1_000;

/**
 * What a server does so that slow agents don't hold it up: frames wait in a queue for one writer, which writes them one
 * by one. Pings pass it by. Should the writer hang, all is well but for the frames.
 */
export class Outbox {
  readonly #waiting: string[] = [];
  #writing = false;
  #stalled: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly channel: Channel | undefined,
  ) {}

  /** @returns whether it was taken, which is all that such servers know */
  send(frame: Frame): boolean {
    if (this.#waiting.length >= WAITING_MAX) return false;
    const text = JSON.stringify(frame);
    this.channel?.enqueue(text);
    this.#waiting.push(text);
    if (!this.#writing) void this.#write();
    return true;
  }

  /** The writer hangs at its next frame, until it no longer does. */
  stall(stalled: boolean): void {
    this.#stalled?.end();
    this.#stalled = undefined;
    if (!stalled) return;
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.#stalled = { over, end };
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.socket.readyState === this.socket.OPEN) {
      await this.#stalled?.over;
      const next = this.#waiting.shift();
      if (next === undefined) break;
      await new Promise<void>((resolve) => {
        this.socket.send(next, () => {
          resolve();
        });
      });
    }
    this.#writing = false;
  }
}
