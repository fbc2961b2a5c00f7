-- witness.db: what this server cosigned of other logs. Whoever forgets that may
-- cosign two histories: it is never copied back from a backup (server/witness.h).

-- The key that all of it was signed with.
CREATE TABLE self (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    key TEXT NOT NULL
) STRICT;

-- A log that is not watched any more keeps its row: nothing is forgotten.
CREATE TABLE log (
    origin  TEXT PRIMARY KEY,
    name    BLOB NOT NULL UNIQUE,   -- SHA-256 of the origin
    key     TEXT NOT NULL,          -- verifier key
    watched INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    root    BLOB NOT NULL,
    note    BLOB NOT NULL           -- the newest that was cosigned, or empty
) STRICT;
