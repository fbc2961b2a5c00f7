-- lock.db: the newest checkpoint that was published, and nothing else. It is
-- never copied back from a backup (server/ledger.h).
CREATE TABLE checkpoint (
    origin TEXT PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;
