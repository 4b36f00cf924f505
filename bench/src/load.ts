import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SPANS_PER_REQUEST } from './payload.js';

export type Encoding = 'identity' | 'gzip';

export interface Load {
  readonly url: string;
  readonly requests: number;
  /** Number of the first span: requests that share it are the same bytes. @default 0 */
  readonly firstSpan?: number;
  /** Of each request. @default SPANS_PER_REQUEST */
  readonly spansEach?: number;
  /** @default identity */
  readonly encoding?: Encoding;
  /** Requests under way at once. @default 8 */
  readonly atOnce?: number;
}

/**
 * Sends requests from a process of its own, whose CPU is not counted.
 *
 * @returns seconds from the first request to the last answer
 * @throws Error when the process ends before all are answered
 */
export async function sendLoad({
  url,
  requests,
  firstSpan = 0,
  spansEach = SPANS_PER_REQUEST,
  encoding = 'identity',
  atOnce = 8,
}: Load): Promise<number> {
  const args = [url, requests, firstSpan, spansEach, encoding, atOnce].map(String);
  const child = fork(fileURLToPath(new URL('./load-process.js', import.meta.url)), args);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  await next(child, exited); // its requests are made: what follows is sending
  const began_ms = performance.now();
  child.send('go');
  await next(child, exited);
  const seconds = (performance.now() - began_ms) / 1000;
  await exited;
  return seconds;
}

/** The child's next message; it must not end before. */
async function next(child: ChildProcess, exited: Promise<[number | null]>): Promise<void> {
  const ended = exited.then(([code]) => {
    throw new Error(`the load process ended with ${code ?? 'a signal'}`);
  });
  await Promise.race([once(child, 'message'), ended]);
}
