import {
  positionText,
  type DeadLetterDesk,
  type LetterFilter,
  type LetterPosition,
  type OfferOutcome,
  type OpenLetter,
  type OpenLetters,
} from '../dead-letters.js';
import { StreamError } from '../port.js';
import type { FetchedMessage } from './client.js';
import type { BatchIdOf } from './consumer.js';
import { LETTER_BYTES_MAX } from './dead-letters.js';
import { offeredHeaders, readLetter } from './letter-message.js';
import { openKafkaProducer, TopicWriter, type KafkaProducer } from './producer.js';
import { scanTopic } from './topic-scan.js';
import type { KafkaConnection } from './settings.js';

export interface KafkaDeskOptions {
  readonly connection: KafkaConnection;
  /** Where letters are offered again. */
  readonly topic: string;
  /** Where they are. */
  readonly letterTopic: string;
  readonly batchIdOf: BatchIdOf;
}

/** Letters that are remembered while the topic is read. What is past it is counted, and seen once others are offered. */
const LETTERS_MAX = 100_000;

/** Notes that are remembered: a copy that a replay has left comes soon behind the note, or before it. */
const NOTES_MAX = 100_000;

/** Each call reads the topic from its beginning: it is for people, and dead letters are few. */
export function openKafkaDesk(options: KafkaDeskOptions): DeadLetterDesk {
  return {
    open: async (filter, limit) => select(await readOpen(options), filter, limit),
    offer: (positions) => offer(options, positions),
  };
}

/** An open letter, where it lies in the dead-letter topic. */
interface Filed {
  readonly letter: OpenLetter;
  readonly partition: number;
  readonly offset: number;
}

interface Files {
  readonly open: ReadonlyMap<string, Filed>;
  /** Read and not remembered. */
  readonly left: number;
}

async function readOpen({ connection, letterTopic }: KafkaDeskOptions): Promise<Files> {
  const letters = new Map<string, Filed>();
  const offered = new Set<string>();
  let left = 0;
  await scanTopic(connection, letterTopic, (message) => {
    const read = readLetter(message);
    if (read.kind === 'offered') {
      const name = positionText(read.position);
      offered.add(name);
      if (offered.size > NOTES_MAX) offered.delete(firstOf(offered));
      letters.delete(name);
    }
    if (read.kind !== 'letter') return;
    const name = positionText(read.letter);
    // A replay left a copy, maybe behind the note that it was offered.
    if (offered.has(name) || letters.has(name)) return;
    if (letters.size >= LETTERS_MAX) left += 1;
    else letters.set(name, { letter: read.letter, partition: message.partition, offset: message.offset });
  });
  return { open: letters, left };
}

/** The one that came first. */
function firstOf(names: ReadonlySet<string>): string {
  const [first = ''] = names;
  return first;
}

function select({ open, left }: Files, filter: LetterFilter, limit: number): OpenLetters {
  const { reason, sinceMs = 0, wholeOnly = false } = filter;
  const found = [...open.values()]
    .map(({ letter }) => letter)
    .filter((letter) => reason === undefined || letter.reason === reason)
    .filter((letter) => letter.appendedAtMs >= sinceMs)
    .filter((letter) => letter.whole || !wholeOnly)
    .sort((a, b) => a.appendedAtMs - b.appendedAtMs || Number(a.offset - b.offset));
  return { letters: found.slice(0, limit), more: Math.max(0, found.length - limit) + left };
}

async function offer(
  options: KafkaDeskOptions,
  positions: readonly LetterPosition[],
): Promise<OfferOutcome[]> {
  const { open } = await readOpen(options);
  const outcomes = new Map<string, OfferOutcome>();
  const wanted = new Map<string, Filed>();
  for (const name of positions.map(positionText)) {
    const filed = open.get(name);
    if (filed === undefined) outcomes.set(name, 'not-open');
    else if (!filed.letter.whole) outcomes.set(name, 'cut');
    else wanted.set(`${filed.partition}-${filed.offset}`, filed);
  }
  if (wanted.size > 0) await sendAgain(options, wanted, outcomes);
  // What is gone since it was read, the topic's retention has taken.
  return positions.map((position) => outcomes.get(positionText(position)) ?? 'not-open');
}

async function sendAgain(
  options: KafkaDeskOptions,
  wanted: ReadonlyMap<string, Filed>,
  outcomes: Map<string, OfferOutcome>,
): Promise<void> {
  const { connection, topic, letterTopic, batchIdOf } = options;
  // As large as can be: the topic itself says what it takes.
  const producer = await openKafkaProducer({ connection, topic, messageBytesMax: LETTER_BYTES_MAX });
  try {
    const notes = await TopicWriter.open({ connection, topic: letterTopic }, 'halfopen-dead-letters');
    try {
      await scanTopic(connection, letterTopic, async (message) => {
        const filed = wanted.get(`${message.partition}-${message.offset}`);
        if (filed === undefined) return;
        const outcome = await offerOne(producer, message, batchIdOf);
        outcomes.set(positionText(filed.letter), outcome);
        // Should this not be reached, the letter stays open; offered again it is a copy, which ingest drops.
        if (outcome === 'offered')
          await notes.write(message.key?.toString() ?? '', NOTHING, offeredHeaders(filed.letter, Date.now()));
      });
    } finally {
      await notes.close();
    }
  } finally {
    await producer.close();
  }
}

const NOTHING = new Uint8Array();

async function offerOne(
  producer: KafkaProducer,
  message: FetchedMessage,
  batchIdOf: BatchIdOf,
): Promise<OfferOutcome> {
  const read = readLetter(message);
  if (read.kind !== 'letter' || message.value === null) return 'not-open';
  try {
    await producer.publish(batchIdOf(message.value, read.batchId), message.value, read.batchId);
    return 'offered';
  } catch (error) {
    if (error instanceof StreamError && error.code === 'too-large') return 'too-large';
    throw error;
  }
}
