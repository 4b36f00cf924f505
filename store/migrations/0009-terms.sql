-- Of several rules processes one judges. It begins a term; what it writes in the name of an earlier one does not count.
-- A row a change of office: kept for good, since the last of them is what holds.
CREATE TABLE rules_terms
(
    term UInt64 COMMENT 'from 1; the highest is in force',
    holder String COMMENT 'the process, as it named itself',
    began_at DateTime64(3) COMMENT 'when, by its clock'
)
ENGINE = MergeTree
ORDER BY term
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'which rules process was active since when';
