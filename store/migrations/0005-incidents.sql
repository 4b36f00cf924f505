-- Append-only: an incident is its transitions. The last one by sequence is its present state.
CREATE TABLE incident_transitions
(
    incident_id String COMMENT 'stable id: a hash of rule, scope and onset',
    sequence UInt32 COMMENT 'from 1, without gaps within an incident',
    at DateTime64(3) COMMENT 'evaluation instant, event time',
    status LowCardinality(String) COMMENT 'pending, firing, resolved, or inactive (was pending and never fired)',
    reason LowCardinality(String) COMMENT 'why this transition: noticed, fired, changed, resolved, passed',
    rule LowCardinality(String) COMMENT 'name of the rule',
    severity LowCardinality(String) COMMENT 'critical, error, warning or info',
    dedup_key String COMMENT 'what pagers fold by',
    channels Array(String) COMMENT 'affected channels',
    cause LowCardinality(String) COMMENT 'likeliest cause',
    summary String COMMENT 'one sentence: what is broken, since when, likeliest cause',
    started_at DateTime64(3) COMMENT 'estimated onset',
    incident String COMMENT 'the whole incident as JSON, as the API gives it' CODEC(ZSTD(3)),
    course String COMMENT 'what a restart needs to go on with it, as JSON' CODEC(ZSTD(3)),
    inserted_at DateTime DEFAULT now() COMMENT 'when it was recorded; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (incident_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'every change of every incident, append-only';

CREATE VIEW incidents
(
    id String COMMENT 'stable id',
    status String COMMENT 'pending, firing, resolved, or inactive (was pending and never fired)',
    rule String COMMENT 'name of the rule',
    severity String COMMENT 'critical, error, warning or info',
    cause String COMMENT 'likeliest cause',
    channels Array(String) COMMENT 'affected channels',
    summary String COMMENT 'one sentence: what is broken, since when, likeliest cause',
    dedup_key String COMMENT 'what pagers fold by',
    started_at DateTime64(3) COMMENT 'estimated onset',
    fired_at Nullable(DateTime64(3)) COMMENT 'evaluation instant at which it fired; NULL if it has not',
    resolved_at Nullable(DateTime64(3)) COMMENT 'evaluation instant at which it was over; NULL before',
    transitions UInt32 COMMENT 'changes so far',
    incident String COMMENT 'the whole incident as JSON, as the API gives it'
)
AS
SELECT
    t.incident_id AS id,
    argMax(t.status, t.sequence) AS status,
    any(t.rule) AS rule,
    argMax(t.severity, t.sequence) AS severity,
    argMax(t.cause, t.sequence) AS cause,
    argMax(t.channels, t.sequence) AS channels,
    argMax(t.summary, t.sequence) AS summary,
    any(t.dedup_key) AS dedup_key,
    argMax(t.started_at, t.sequence) AS started_at,
    minIfOrNull(t.at, t.status = 'firing') AS fired_at,
    maxIfOrNull(t.at, t.status = 'resolved') AS resolved_at,
    max(t.sequence) AS transitions,
    argMax(t.incident, t.sequence) AS incident
FROM incident_transitions AS t
GROUP BY t.incident_id
COMMENT 'every incident in its present state';
