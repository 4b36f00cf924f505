-- Which messages have been stored, and by which insert: resent bytes are dropped by it. Hashes are random, so ordered by
-- them alone each message looked for would cost a read of its own (200 in 5 million: 310 ms); messages that arrive
-- together began together, so ordered by their time they lie together (11 ms).
CREATE TABLE ingest_ledger
(
    started_at DateTime COMMENT 'start of the first span in the message, 1970 if it has none' CODEC(Delta, ZSTD(1)),
    batch_id FixedString(16) COMMENT 'first 128 bits of SHA-256 of the message',
    token String COMMENT 'insert token of the range that stored it' CODEC(ZSTD(1)),
    spans UInt32 COMMENT 'spans in the message',
    inserted_at DateTime COMMENT 'when the stream took the message; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (started_at, batch_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'messages stored, by time and content hash';

CREATE TABLE dead_letters
(
    inserted_at DateTime COMMENT 'when the stream took the message; retention counts from here' CODEC(Delta, ZSTD(1)),
    topic LowCardinality(String) COMMENT 'where it lies in the stream',
    partition UInt32 COMMENT 'where it lies in the stream',
    offset UInt64 COMMENT 'where it lies in the stream',
    batch_id FixedString(16) COMMENT 'first 128 bits of SHA-256 of the message',
    reason LowCardinality(String) COMMENT 'code of the error',
    message String COMMENT 'what was wrong, where',
    error_offset UInt64 COMMENT 'byte of the message where reading stopped',
    bytes UInt64 COMMENT 'length of the message',
    first_bytes String COMMENT 'how the message begins, raw'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (inserted_at, topic, partition, offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'messages that could not be decoded, with the reason';
