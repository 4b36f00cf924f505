import { StreamError } from '../port.js';
import { CONNECT_MS_MAX, loadKafka, messageOf, within } from './client.js';
import { connectionSettings, type KafkaConnection } from './settings.js';

export interface TopicOptions {
  readonly topic: string;
  /** Consumers that can share the work. */
  readonly partitions: number;
  /** Brokers that hold a copy. */
  readonly replicas: number;
  /** How long messages are kept, stored or not: the longest that the store may be away. */
  readonly retentionMs: number;
  /** Largest message. @default the brokers' */
  readonly messageBytesMax?: number;
  /** @default 10_000 */
  readonly connectMs?: number;
  /** Gives up the attempt. */
  readonly signal?: AbortSignal;
}

/**
 * It waits in a thread that nothing ends before, so a process whose brokers are away would not stop sooner; whoever needs
 * the topic asks again.
 */
const CREATE_MS_MAX = 7_000;

/**
 * Makes the topic unless it is there; one that is there stays as it is.
 *
 * @returns whether it was made
 * @throws StreamError
 */
export async function ensureTopic(connection: KafkaConnection, options: TopicOptions): Promise<boolean> {
  const { topic, partitions, replicas, retentionMs, messageBytesMax, signal } = options;
  const { connectMs = CONNECT_MS_MAX } = options;
  const { Kafka } = loadKafka().KafkaJS;
  const admin = new Kafka({}).admin(connectionSettings(connection, 'halfopen-admin'));
  try {
    await within(connectMs, admin.connect(), signal);
    return await admin.createTopics({
      timeout: CREATE_MS_MAX,
      topics: [
        {
          topic,
          numPartitions: partitions,
          replicationFactor: replicas,
          configEntries: [
            // With one copy out of reach messages are still taken; with two, refused: a 200 stands for two copies.
            { name: 'min.insync.replicas', value: String(Math.min(2, replicas)) },
            // The broker's time: retention in the store counts from it, whatever a producer's clock says.
            { name: 'message.timestamp.type', value: 'LogAppendTime' },
            { name: 'retention.ms', value: String(retentionMs) },
            ...(messageBytesMax === undefined
              ? []
              : [{ name: 'max.message.bytes', value: String(messageBytesMax) }]),
          ],
        },
      ],
    });
  } catch (cause) {
    throw new StreamError('unavailable', `topic ${topic} could not be made: ${messageOf(cause)}`, 1, {
      cause,
    });
  } finally {
    admin.disconnect().catch(() => undefined);
  }
}
