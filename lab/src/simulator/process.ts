import type { SpanName } from '@halfopen/telemetry';

import { BATCH_AGE_MAX_US, Exporter } from './exporter.js';
import { type Attributes, type ExportTraceServiceRequest, keyValues, type SpanKind } from './otlp-json.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

type Task = () => void;

/** Timers fire this much late at most while the event loop is not blocked. */
const TIMER_JITTER_US = 100_000;

export interface OpenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: SpanName;
  readonly kind: SpanKind;
  /** By true time; the process's clock dates it. */
  readonly startUs: number;
  readonly attributes: Attributes;
}

export interface ProcessOptions {
  readonly serviceName: string;
  /** Unix time of the scenario's start. */
  readonly startMs: number;
  /** False: it sends no telemetry. */
  readonly observed: boolean;
  readonly send: (request: ExportTraceServiceRequest) => void;
}

/**
 * An operating-system process with one event loop, one clock and one telemetry exporter. Whatever it does it does
 * through {@link run}, {@link after} and {@link every}: a blocked loop defers, a process that has ended does nothing.
 */
export class Process {
  readonly exporter: Exporter;
  /** How far its clock is ahead of true time. */
  clockOffsetUs = 0;
  /** The share of spans that gets lost on the way. */
  lossFraction = 0;
  #running = false;
  /** Counts the starts: what an earlier life had scheduled does not happen. */
  #life = 0;
  #blockedUntilUs = 0;
  #lagUs = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly options: ProcessOptions,
  ) {
    this.exporter = new Exporter(options.send, () => {
      this.after(BATCH_AGE_MAX_US, () => {
        this.exporter.flush();
      });
    });
  }

  get nowUs(): number {
    return this.scheduler.nowUs;
  }

  get running(): boolean {
    return this.#running;
  }

  start(instanceId: string): void {
    this.#running = true;
    this.#life += 1;
    this.exporter.resource = [
      { key: 'service.name', value: { stringValue: this.options.serviceName } },
      { key: 'service.instance.id', value: { stringValue: instanceId } },
    ];
  }

  /** Ends in good order: what it had to report is sent. */
  stop(): void {
    this.exporter.flush();
    this.#running = false;
  }

  /** SIGKILL: what had not been exported is lost. */
  kill(): void {
    this.exporter.discard();
    this.#running = false;
  }

  get blocked(): boolean {
    return this.nowUs < this.#blockedUntilUs;
  }

  /** The event loop turns again at `untilUs`. */
  blockUntil(untilUs: number): void {
    this.#blockedUntilUs = untilUs;
  }

  run(task: Task): void {
    this.#turn(this.#life, this.nowUs, task);
  }

  after(delayUs: number, task: Task): void {
    const life = this.#life;
    const dueUs = this.nowUs + delayUs;
    this.scheduler.at(dueUs, () => {
      this.#turn(life, dueUs, task);
    });
  }

  /**
   * As `setInterval`, from somewhere within the first period: a little late each time, and ticks that fall into a
   * blocked time are one. Returns what cancels it.
   */
  every(periodUs: number, random: Random, task: Task): Task {
    let cancelled = false;
    let dueUs = this.nowUs + random.integer(0, periodUs);
    const arm = (): void => {
      this.after(dueUs + random.integer(0, TIMER_JITTER_US) - this.nowUs, tick);
    };
    const tick = (): void => {
      if (cancelled) return;
      task();
      do dueUs += periodUs;
      while (dueUs <= this.nowUs);
      arm();
    };
    arm();
    return () => {
      cancelled = true;
    };
  }

  /** The event loop's lag since the last report, as far as it exceeds the ordinary. */
  takeLagMs(): number {
    const lagMs = Math.floor(this.#lagUs / 1000);
    this.#lagUs = 0;
    return lagMs;
  }

  /** Ends a span, now. */
  emit({ traceId, spanId, name, kind, startUs, attributes }: OpenSpan): void {
    if (!this.#running || !this.options.observed) return;
    if (this.lossFraction > 0 && this.random.chance(this.lossFraction)) return;
    this.exporter.add({
      traceId,
      spanId,
      name,
      kind,
      startTimeUnixNano: this.#unixNano(startUs),
      endTimeUnixNano: this.#unixNano(this.nowUs),
      attributes: keyValues(attributes),
      status: {},
    });
  }

  #unixNano(timeUs: number): string {
    return `${this.options.startMs * 1000 + timeUs + this.clockOffsetUs}000`;
  }

  #turn(life: number, dueUs: number, task: Task): void {
    if (!this.#running || life !== this.#life) return;
    if (this.blocked) {
      this.scheduler.at(this.#blockedUntilUs, () => {
        this.#turn(life, dueUs, task);
      });
      return;
    }
    this.#lagUs = Math.max(this.#lagUs, this.nowUs - dueUs);
    task();
  }
}
