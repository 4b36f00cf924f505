import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Kafka from '@confluentinc/kafka-javascript';
import { StreamError } from '../port.js';
import type { KafkaConnection } from './settings.js';

/**
 * The client, loaded when it is first needed: its native part is built only for who uses Kafka.
 *
 * @throws Error that says how to get it
 */
export function loadKafka(): typeof Kafka {
  try {
    return createRequire(import.meta.url)('@confluentinc/kafka-javascript') as typeof Kafka;
  } catch (cause) {
    throw new Error("the Kafka client's native part is missing: run npm run setup:kafka", { cause });
  }
}

/** Codes of librdkafka (rdkafka.h) and of Kafka's protocol that mean something of their own here. */
export const ERROR = {
  assignPartitions: -175,
  revokePartitions: -174,
  queueFull: -184,
  messageTooLarge: 10,
  recordListTooLarge: 18,
} as const;

/** What the client throws and hands to callbacks. */
export function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A topic's partition, with an offset where there is one. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number;
  readonly metadata?: string | null;
}

export interface FetchedMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | null;
  /** ms since the epoch */
  readonly timestamp?: number;
  /** One name each; a name may come again. */
  readonly headers?: readonly Readonly<Record<string, Buffer | string>>[];
}

type Done<T> = (error: unknown, result: T) => void;

/**
 * What we use of the client's `KafkaConsumer` (its lib/kafka-consumer.js). Its declarations lack part of it. We poll
 * ourselves, by this and not by the KafkaJS-like interface: ADR 0013.
 */
export interface PollingConsumer {
  connect(options: object, done: Done<unknown>): void;
  disconnect(done: Done<unknown>): void;
  subscribe(topics: readonly string[]): void;
  unsubscribe(): void;
  setDefaultConsumeTimeout(timeoutMs: number): void;
  setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void;
  consume(messagesMax: number, done: Done<readonly FetchedMessage[]>): void;
  committed(
    partitions: readonly TopicPartition[],
    timeoutMs: number,
    done: Done<readonly TopicPartition[]>,
  ): void;
  commitCb(partitions: readonly TopicPartition[], done: Done<unknown>): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  rebalanceProtocol(): string;
  assign(partitions: readonly TopicPartition[]): void;
  unassign(): void;
  incrementalAssign(partitions: readonly TopicPartition[]): void;
  incrementalUnassign(partitions: readonly TopicPartition[]): void;
  getMetadata(options: { topic: string; timeout: number }, done: Done<ClusterMetadata>): void;
  queryWatermarkOffsets(topic: string, partition: number, timeoutMs: number, done: Done<Watermarks>): void;
  getWatermarkOffsets(topic: string, partition: number): Watermarks;
  on(event: 'event.error', listener: (error: unknown) => void): void;
  on(event: 'partition.eof', listener: (at: TopicPartition) => void): void;
}

/** Of a partition: its first offset, and the one behind its last. */
export interface Watermarks {
  readonly lowOffset: number;
  readonly highOffset: number;
}

export interface ClusterMetadata {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly id: number }[];
  }[];
}

/** A call with a callback as a promise. */
export function promised<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error === null || error === undefined) resolve(result);
      else reject(error instanceof Error ? error : new Error(messageOf(error)));
    });
  });
}

/** A client that reaches no broker would try for half a minute. */
export const CONNECT_MS_MAX = 10_000;

/**
 * @throws Error when the work takes longer, or the signal is aborted before; it goes on, and what it ends with is nobody's
 * concern
 */
export async function within<T>(time_ms: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  const over = new AbortController();
  const late = sleep(time_ms, undefined, {
    signal: signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]),
  }).then(() => {
    throw new Error(`no answer within ${time_ms} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    over.abort();
  }
}

const RETRY_AFTER_S = 1;

/**
 * Resolves when a broker is reached.
 *
 * @param options `connectMs`: @default CONNECT_MS_MAX
 * @throws StreamError `unavailable`; the client has been let go of then
 */
export async function connectedPolling(
  client: PollingConsumer,
  { brokers }: KafkaConnection,
  {
    connectMs = CONNECT_MS_MAX,
    signal,
  }: { connectMs?: number | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  try {
    const connected = promised((done) => {
      client.connect({ timeout: connectMs }, done);
    });
    // Twice its own bound: an answer that never comes would be waited for for ever.
    await within(2 * connectMs, connected, signal);
  } catch (cause) {
    client.disconnect(() => undefined);
    const message = `no broker of ${brokers.join(', ')} is reached: ${messageOf(cause)}`;
    throw new StreamError('unavailable', message, RETRY_AFTER_S, { cause });
  }
}
