-- Messages that could not be stored as spans, whole, so that a version that can read them gets them again. Of one
-- process alone: across machines a Kafka topic keeps them. Apart from `dead_letters`, which people read row by row.
CREATE TABLE dead_letter_messages
(
    inserted_at DateTime COMMENT 'when the stream took the message; retention counts from here' CODEC(Delta, ZSTD(1)),
    topic LowCardinality(String) COMMENT 'where it lies in the stream',
    partition UInt32 COMMENT 'where it lies in the stream',
    offset UInt64 COMMENT 'where it lies in the stream',
    bytes UInt64 COMMENT 'length of the message',
    value String COMMENT 'the message as it came, raw' CODEC(ZSTD(3))
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'messages that could not be decoded, whole';

CREATE TABLE dead_letter_offers
(
    inserted_at DateTime COMMENT 'when it was offered again; retention counts from here' CODEC(Delta, ZSTD(1)),
    topic LowCardinality(String) COMMENT 'the dead letter, by where it lies in the stream',
    partition UInt32 COMMENT 'the dead letter, by where it lies in the stream',
    offset UInt64 COMMENT 'the dead letter, by where it lies in the stream'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'dead letters that were sent into the stream again: they are open no more';
