-- Whom incidents are told to, and how that went. Append-only: what was not recorded as done is done again.

-- A roll call of the configuration. A receiver that answers for the first time, or again after a pause, is not told of
-- what fired before.
CREATE TABLE notification_receivers
(
    receiver LowCardinality(String) COMMENT 'name in the configuration; empty for the roll call itself, also when nobody is configured',
    known_since DateTime64(3) COMMENT 'configured since then at every roll call; earlier incidents are not told to it',
    called_at DateTime64(3) COMMENT 'the roll call: at each start and once a day',
    inserted_at DateTime DEFAULT now() COMMENT 'when it was recorded; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (called_at, receiver)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'receivers of notifications, and since when each is known';

-- Decided once, as an incident fires: its resolution goes where its trigger went, whatever the configuration says by then.
CREATE TABLE notification_routes
(
    incident_id String COMMENT 'the incident',
    receivers Array(LowCardinality(String)) COMMENT 'who is told of it; may be nobody',
    sites Array(String) COMMENT 'channel.site of its channels as it fired, sorted',
    fired_at DateTime64(3) COMMENT 'evaluation instant at which it fired, event time',
    recorded_at DateTime COMMENT 'when the transition that fired was recorded',
    inserted_at DateTime DEFAULT now() COMMENT 'when it was recorded; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY incident_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'who is told of each incident';

CREATE TABLE notification_attempts
(
    receiver LowCardinality(String) COMMENT 'name in the configuration',
    incident_id String COMMENT 'the incident',
    sequence UInt32 COMMENT 'its transition',
    attempt UInt32 COMMENT 'from 1',
    event LowCardinality(String) COMMENT 'begun (written before the call), delivered, failed (tried again), or refused (never tried again)',
    at DateTime64(3) COMMENT 'when',
    status UInt16 COMMENT 'HTTP status of the answer, 0 if none came',
    answer String COMMENT 'how the answer begins, or why there is none; secrets cut out' CODEC(ZSTD(1)),
    inserted_at DateTime DEFAULT now() COMMENT 'when it was recorded; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (receiver, incident_id, sequence, attempt, at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'every attempt to tell a receiver of a transition: its intention and its outcome';

CREATE VIEW notifications
(
    receiver String COMMENT 'name in the configuration',
    incident_id String COMMENT 'the incident',
    sequence UInt32 COMMENT 'its transition',
    outcome String COMMENT 'delivered, refused, failed (tried again), or begun (no outcome yet, or none survived)',
    attempts UInt32 COMMENT 'attempts so far',
    first_at DateTime64(3) COMMENT 'first attempt',
    last_at DateTime64(3) COMMENT 'last event',
    status UInt16 COMMENT 'HTTP status of the last answer, 0 if none came',
    answer String COMMENT 'how the last answer begins, or why there is none'
)
AS
SELECT
    a.receiver AS receiver,
    a.incident_id AS incident_id,
    a.sequence AS sequence,
    argMax(a.event, (a.attempt, a.event != 'begun')) AS outcome,
    max(a.attempt) AS attempts,
    min(a.at) AS first_at,
    max(a.at) AS last_at,
    argMax(a.status, (a.attempt, a.event != 'begun')) AS status,
    argMax(a.answer, (a.attempt, a.event != 'begun')) AS answer
FROM notification_attempts AS a
GROUP BY a.receiver, a.incident_id, a.sequence
COMMENT 'one row per receiver and transition that was tried: how it stands';
