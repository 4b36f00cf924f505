-- What people do about incidents: they acknowledge, and they silence. Append-only, as all that is on record here.

CREATE TABLE incident_acknowledgements
(
    incident_id String COMMENT 'the incident; one is acknowledged once',
    at DateTime64(3) COMMENT 'when',
    by String COMMENT 'who, in their own words' CODEC(ZSTD(1)),
    note String COMMENT 'what they had to say' CODEC(ZSTD(1)),
    dedup_key String COMMENT 'of the incident: what pagers fold by',
    after_sequence UInt32 COMMENT 'the last transition recorded before: receivers are told of it behind that one',
    inserted_at DateTime DEFAULT now() COMMENT 'when it was recorded; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY incident_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'who has taken which incident on';

-- An empty matcher matches everything; all that are given must match.
CREATE TABLE silence_changes
(
    silence_id String COMMENT 'the silence',
    change LowCardinality(String) COMMENT 'made, or ended before its time',
    at DateTime64(3) COMMENT 'when',
    until DateTime64(3) COMMENT 'when it ends by itself',
    incident_id String COMMENT 'matches this incident',
    channel_id String COMMENT 'matches incidents of this channel and no other',
    site LowCardinality(String) COMMENT 'matches incidents whose channels were all at this site as they fired',
    rule LowCardinality(String) COMMENT 'matches incidents of this rule',
    reason String COMMENT 'why' CODEC(ZSTD(1)),
    by String COMMENT 'who, in their own words' CODEC(ZSTD(1)),
    inserted_at DateTime DEFAULT toDateTime(until) COMMENT 'retention counts from here: from its end, or it would be lost before'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (silence_id, at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'silences as they were made and ended';

CREATE VIEW silences
(
    id String COMMENT 'the silence',
    starts_at DateTime64(3) COMMENT 'when it was made',
    until DateTime64(3) COMMENT 'when it ends, or would have ended, by itself',
    ended_at Nullable(DateTime64(3)) COMMENT 'when it was ended before its time, else NULL',
    ends_at DateTime64(3) COMMENT 'the earlier of both',
    incident_id String COMMENT 'matches this incident; empty matches any',
    channel_id String COMMENT 'matches incidents of this channel and no other; empty matches any',
    site String COMMENT 'matches incidents whose channels were all at this site as they fired; empty matches any',
    rule String COMMENT 'matches incidents of this rule; empty matches any',
    reason String COMMENT 'why',
    by String COMMENT 'who, in their own words'
)
AS
SELECT
    c.silence_id AS id,
    minIf(c.at, c.change = 'made') AS starts_at,
    any(c.until) AS until,
    minIfOrNull(c.at, c.change = 'ended') AS ended_at,
    least(until, ifNull(ended_at, until)) AS ends_at,
    any(c.incident_id) AS incident_id,
    any(c.channel_id) AS channel_id,
    any(c.site) AS site,
    any(c.rule) AS rule,
    anyIf(c.reason, c.change = 'made') AS reason,
    anyIf(c.by, c.change = 'made') AS by
FROM silence_changes AS c
GROUP BY c.silence_id
HAVING countIf(c.change = 'made') > 0
COMMENT 'one row per silence';

CREATE VIEW incident_silences
(
    incident_id String COMMENT 'the incident',
    silence_id String COMMENT 'a silence that matches it',
    starts_at DateTime64(3) COMMENT 'when the silence was made',
    ends_at DateTime64(3) COMMENT 'when it ends or ended'
)
AS
SELECT i.incident_id AS incident_id, s.id AS silence_id, s.starts_at AS starts_at, s.ends_at AS ends_at
FROM
(
    SELECT t.incident_id AS incident_id, any(t.rule) AS rule, argMax(t.channels, t.sequence) AS channels
    FROM incident_transitions AS t
    GROUP BY t.incident_id
) AS i
LEFT JOIN
(
    SELECT r.incident_id AS incident_id, any(r.sites) AS sites
    FROM notification_routes AS r
    GROUP BY r.incident_id
) AS r ON r.incident_id = i.incident_id
CROSS JOIN silences AS s
WHERE (s.incident_id = '' OR s.incident_id = i.incident_id)
    AND (s.rule = '' OR s.rule = i.rule)
    AND (s.channel_id = '' OR i.channels = [s.channel_id])
    AND (s.site = '' OR r.sites = [s.site])
COMMENT 'which silences match which incidents, now and in the past';

-- An acknowledgement is told like a transition, and takes the number that no transition has.
ALTER TABLE notification_attempts COMMENT COLUMN sequence 'its transition; 0 is its acknowledgement';

DROP VIEW notifications;

CREATE VIEW notifications
(
    receiver String COMMENT 'name in the configuration',
    incident_id String COMMENT 'the incident',
    sequence UInt32 COMMENT 'its transition; 0 is its acknowledgement',
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
