export * from './port.js';
export * from './dead-letters.js';
export { openMemoryStream, type MemoryStream, type MemoryStreamOptions } from './memory/memory-stream.js';
export type { MemoryStreamLimits } from './memory/limits.js';
export { openKafkaProducer, type KafkaProducer, type KafkaProducerOptions } from './kafka/producer.js';
export {
  openKafkaConsumer,
  type BatchIdOf,
  type KafkaConsumerOptions,
  type KafkaConsumerStatus,
  type KafkaRangeConsumer,
} from './kafka/consumer.js';
export type { KafkaConsumerLimits } from './kafka/limits.js';
export type { KafkaConnection, KafkaLog } from './kafka/settings.js';
export { joinKafkaElection, type KafkaElection, type KafkaElectionOptions } from './kafka/election.js';
export { watchKafkaProgress, type KafkaProgress, type KafkaProgressOptions } from './kafka/progress.js';
export { ensureTopic, type TopicOptions } from './kafka/topic.js';
export {
  openKafkaDeadLetters,
  LETTER_BYTES_MAX,
  type KafkaDeadLetters,
  type KafkaDeadLettersOptions,
} from './kafka/dead-letters.js';
export { openKafkaDesk, type KafkaDeskOptions } from './kafka/desk.js';
