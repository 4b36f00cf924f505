import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { ChannelRow, DeltaEvent, FleetAnswer, IncidentBrief, SnapshotEvent } from '../contract.js';

/** Open streams; one more is told to come back. */
export const VIEWERS_MAX = 100;
/** Bytes that may wait for a slow viewer: several snapshots of 5,000 channels. Past it he is let go, and comes back. */
const WAITING_BYTES_MAX = 16 * 2 ** 20;
/** Deltas kept for those who come back. */
const KEPT_MAX = 30;
const KEPT_BYTES_MAX = 8 * 2 ** 20;
const PERIOD_MS = 2_000;
/** Older than this, nobody is shown it first and corrected then. */
const OLD_MS = 15_000;
/** Proxies close what is silent for a minute; sooner than that. */
const HEARTBEAT_MS = 15_000;
/** What a browser waits before it comes back. */
const RETRY_MS = 2_000;

export interface ViewersSource {
  fleet(): Promise<FleetAnswer>;
  firing(): Promise<readonly IncidentBrief[]>;
  failed(error: unknown): void;
}

interface Kept {
  readonly id: number;
  readonly text: string;
}

interface Told {
  readonly rows: Map<string, ChannelRow>;
  readonly incidents: readonly IncidentBrief[];
  readonly answer: FleetAnswer;
  readonly read_ms: number;
}

/** Tells open pages what changes. One reading of the fleet serves all of them, and none is made while nobody looks. */
export class Viewers {
  readonly #open = new Set<ServerResponse>();
  readonly #kept: Kept[] = [];
  /** Ids of another start of the process are no ids of this one. */
  readonly #run = Date.now().toString(36);
  #sequence = 0;
  #told: Told | undefined;
  #turn: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #heartbeat_ms = 0;
  #closed = false;

  constructor(private readonly source: ViewersSource) {}

  get count(): number {
    return this.#open.size;
  }

  /** False: there is no room. The headers are the caller's. */
  add(response: ServerResponse, lastEventId: string | undefined): boolean {
    if (this.#closed || this.#open.size >= VIEWERS_MAX) return false;
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#open.size === 0) this.#rest();
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const watched = this.#turn !== undefined || this.#reading !== undefined;
    // What was told when somebody last looked is no news.
    if (!watched && this.#told !== undefined && Date.now() - this.#told.read_ms > OLD_MS)
      this.#told = undefined;
    const missed = this.#since(lastEventId);
    if (missed !== undefined) for (const { text } of missed) this.#send(response, text);
    else if (this.#told !== undefined) this.#send(response, this.#snapshot());
    if (!watched) this.#begin();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#rest();
    for (const response of this.#open) response.end();
  }

  #rest(): void {
    clearTimeout(this.#turn);
    this.#turn = undefined;
  }

  #begin(): void {
    this.#reading ??= this.#look().finally(() => {
      this.#reading = undefined;
      if (this.#closed || this.#open.size === 0) return;
      this.#turn = setTimeout(() => {
        this.#begin();
      }, PERIOD_MS);
    });
  }

  async #look(): Promise<void> {
    try {
      const [answer, incidents] = await Promise.all([this.source.fleet(), this.source.firing()]);
      const rows = new Map(answer.channels.map((row) => [row.id, row]));
      const before = this.#told;
      const told = { rows, incidents, answer, read_ms: Date.now() };
      this.#told = told;
      if (before?.answer.live !== answer.live) this.#tell(this.#snapshot());
      else this.#tellDelta(before, told);
    } catch (error) {
      this.source.failed(error);
      for (const response of this.#open)
        this.#send(response, event('trouble', { error: 'the fleet could not be read; tried again' }));
    }
    if (Date.now() - this.#heartbeat_ms > HEARTBEAT_MS) {
      this.#heartbeat_ms = Date.now();
      for (const response of this.#open) this.#send(response, ': still here\n\n');
    }
  }

  #tellDelta(before: Told, now: Told): void {
    const changed = [...now.rows.values()].filter((row) => !isDeepStrictEqual(before.rows.get(row.id), row));
    const removed = [...before.rows.keys()].filter((id) => !now.rows.has(id));
    const sameIncidents = isDeepStrictEqual(before.incidents, now.incidents);
    // The instant itself moves on even when nothing else does: pages show how old a moment is.
    const delta: DeltaEvent = {
      at_ms: now.answer.at_ms,
      changed,
      removed,
      ...(sameIncidents ? {} : { incidents: now.incidents }),
    };
    const id = ++this.#sequence;
    const text = event('delta', delta, `${this.#run}-${id}`);
    this.#kept.push({ id, text });
    let bytes = this.#kept.reduce((sum, kept) => sum + kept.text.length, 0);
    while (this.#kept.length > KEPT_MAX || bytes > KEPT_BYTES_MAX)
      bytes -= this.#kept.shift()?.text.length ?? bytes;
    this.#tell(text);
  }

  #snapshot(): string {
    const { answer, incidents } = this.#told ?? { answer: EMPTY, incidents: [] };
    return event(
      'snapshot',
      { ...answer, incidents } satisfies SnapshotEvent,
      `${this.#run}-${this.#sequence}`,
    );
  }

  /** What a viewer who comes back has missed; undefined: more than is kept. */
  #since(lastEventId: string | undefined): readonly Kept[] | undefined {
    const [run, text] = (lastEventId ?? '').split('-');
    const id = Number(text);
    if (run !== this.#run || !Number.isSafeInteger(id) || this.#told === undefined) return undefined;
    if (id === this.#sequence) return [];
    const first = this.#kept[0]?.id;
    if (first === undefined || id + 1 < first || id > this.#sequence) return undefined;
    return this.#kept.filter((kept) => kept.id > id);
  }

  #tell(text: string): void {
    for (const response of this.#open) this.#send(response, text);
  }

  #send(response: ServerResponse, text: string): void {
    if (response.writableLength + text.length > WAITING_BYTES_MAX) response.destroy();
    else response.write(text);
  }
}

const EMPTY: FleetAnswer = { at_ms: 0, live: true, channels: [], truncated: false };

function event(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
