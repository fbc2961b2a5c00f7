-- What a replay keeps while it runs, in a file that goes with it.

CREATE TABLE record (
    number   INTEGER PRIMARY KEY,   -- in the order of the places given
    entity   BLOB NOT NULL,
    chain    INTEGER NOT NULL,
    branch   INTEGER NOT NULL,      -- 0: the chain's only one
    seq      INTEGER NOT NULL,
    position INTEGER NOT NULL,
    anchor   INTEGER NOT NULL,
    hash     BLOB NOT NULL,
    previous BLOB NOT NULL,
    head     BLOB NOT NULL,
    fields   BLOB NOT NULL,         -- empty: erased, then:
    erased   BLOB NOT NULL          -- their hash, else empty
) STRICT;

CREATE INDEX record_entity ON record (entity, number);
CREATE INDEX record_chain ON record (chain, seq);

CREATE TABLE chain (
    number INTEGER PRIMARY KEY,
    id     BLOB NOT NULL UNIQUE,
    device TEXT NOT NULL
) STRICT;

CREATE TABLE branch (
    number INTEGER PRIMARY KEY,
    chain  INTEGER NOT NULL,
    parent INTEGER NOT NULL,        -- 0: none
    start  INTEGER NOT NULL,
    id     BLOB NOT NULL
) STRICT;

CREATE INDEX branch_chain ON branch (chain, number);

-- A server's own table of entities, to be compared.
CREATE TABLE theirs (
    id   BLOB PRIMARY KEY,
    leaf BLOB NOT NULL
) STRICT, WITHOUT ROWID;
