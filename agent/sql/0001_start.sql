-- agent.db: what store.h says. Columns called "sealed" are vault_seal()ed with
-- the table's name and the row's key as context.

-- Small things by name; the value is sealed.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- `next`, `last`, `anchor_size`, `serial` are kept up for own chains; of
-- others `anchor_size` is the largest one met, and `next` and `last` mean
-- nothing.
CREATE TABLE chain (
    id          INTEGER PRIMARY KEY,
    chain       BLOB NOT NULL UNIQUE,
    device      TEXT NOT NULL,      -- key name, '' while unknown
    mine        INTEGER NOT NULL,
    current     INTEGER NOT NULL,   -- at most one
    forked      INTEGER NOT NULL,
    next        INTEGER NOT NULL,
    last        BLOB NOT NULL,
    anchor_size INTEGER NOT NULL,
    serial      INTEGER NOT NULL    -- the largest given in this chain
) STRICT;

CREATE UNIQUE INDEX chain_current ON chain (current) WHERE current = 1;
CREATE INDEX chain_mine ON chain (id) WHERE mine = 1;

-- Only where a chain forked; the stretch before the first fork has no row.
CREATE TABLE branch (
    id     INTEGER PRIMARY KEY,
    chain  INTEGER NOT NULL REFERENCES chain (id),
    branch BLOB NOT NULL UNIQUE,    -- hash of its first record
    start  INTEGER NOT NULL,
    parent INTEGER REFERENCES branch (id)
) STRICT;

CREATE INDEX branch_chain ON branch (chain);

CREATE TABLE batch (
    id       INTEGER PRIMARY KEY,
    batch    BLOB NOT NULL UNIQUE,
    chain    INTEGER NOT NULL REFERENCES chain (id),
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    last_hash BLOB NOT NULL,
    note     BLOB NOT NULL,         -- whole and signed
    body     BLOB NOT NULL,         -- sealed
    delivery INTEGER NOT NULL,      -- of enum store_delivery: sealed and later
    state    INTEGER,               -- of enum xg_batch_state, as last told
    receipt  BLOB,
    position INTEGER                -- index of its log entry
) STRICT;

-- What is to be pushed: no proof yet, or (2) the server waits for earlier ones.
CREATE INDEX batch_due ON batch (id) WHERE receipt IS NULL OR state = 2;
CREATE INDEX batch_chain ON batch (chain, last);
CREATE INDEX batch_logged ON batch (position) WHERE position IS NOT NULL;

CREATE TABLE record (
    id          INTEGER PRIMARY KEY,
    hash        BLOB NOT NULL UNIQUE,
    chain       INTEGER NOT NULL REFERENCES chain (id),
    seq         INTEGER NOT NULL,
    previous    BLOB NOT NULL,
    branch      INTEGER REFERENCES branch (id),
    entity      BLOB NOT NULL,
    kind        INTEGER NOT NULL,
    anchor_size INTEGER NOT NULL,   -- of the anchor before it, 0 for none
    position    INTEGER,            -- log index of its batch, NULL: not logged
    batch       INTEGER REFERENCES batch (id), -- own ones, once sealed
    head        BLOB NOT NULL,
    fields      BLOB,               -- sealed; NULL once erased
    fields_hash BLOB,               -- only where erased
    told        INTEGER NOT NULL DEFAULT 0 -- 1: by a predecessor's word alone;
                                    -- 2: by a log before, that lost it
) STRICT;

CREATE INDEX record_place ON record (chain, seq);
CREATE INDEX record_entity ON record (entity);
CREATE INDEX record_waiting ON record (chain, seq)
    WHERE batch IS NULL AND position IS NULL;

CREATE INDEX record_told ON record (id) WHERE told = 1;

-- Photos taken over from a predecessor: as if taken here.
CREATE TABLE carried_photo (
    sha256 BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Records cited by a record of `entity` that are not here.
CREATE TABLE missing (
    hash   BLOB NOT NULL,
    entity BLOB NOT NULL,
    PRIMARY KEY (hash, entity)
) STRICT, WITHOUT ROWID;

-- Derived from the records by fold.h; can be dropped and made again.
CREATE TABLE entity (
    id         INTEGER PRIMARY KEY,
    entity     BLOB NOT NULL UNIQUE,
    kind       INTEGER NOT NULL,    -- 0: not known
    number     TEXT,
    official   TEXT,                -- number that it got when it was filed
    unit       TEXT NOT NULL,
    status     INTEGER NOT NULL,
    withdrawn  INTEGER NOT NULL,
    conflicts  INTEGER NOT NULL,
    records    INTEGER NOT NULL,
    mine       INTEGER NOT NULL,
    photos     INTEGER NOT NULL,
    first_ms   INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    newest     INTEGER NOT NULL,    -- record.id of its newest
    state      BLOB NOT NULL,       -- sealed
    folded     INTEGER NOT NULL     -- 0: too large, the state is empty
) STRICT;

CREATE INDEX entity_number ON entity (number) WHERE number IS NOT NULL;
CREATE INDEX entity_official ON entity (official) WHERE official IS NOT NULL;
CREATE INDEX entity_newest ON entity (newest);
CREATE INDEX entity_conflicts ON entity (newest)
WHERE conflicts > 0 OR folded = 0;

-- Derived too: what a person said tells of the same thing (near.h).
CREATE TABLE link (
    entity BLOB NOT NULL,
    target BLOB NOT NULL,
    PRIMARY KEY (entity, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_target ON link (target);

-- What an entity shows, or showed. Derived too.
CREATE TABLE photo (
    entity BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    length INTEGER NOT NULL,
    mine   INTEGER NOT NULL,        -- taken here or taken over: perhaps the
                                    -- only copy
    shown  INTEGER NOT NULL,        -- 0: taken out again
    record INTEGER NOT NULL,        -- record.id of the one that attached it
    rank   INTEGER NOT NULL,        -- 0: urgent, goes first
    thumbnail BLOB,
    thumbnail_bytes INTEGER,
    PRIMARY KEY (entity, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX photo_sha256 ON photo (sha256);

-- Photos and thumbnails that an act of this entity erased. Derived too.
CREATE TABLE erased_photo (
    sha256 BLOB NOT NULL,
    entity BLOB NOT NULL,
    PRIMARY KEY (sha256, entity)
) STRICT, WITHOUT ROWID;

CREATE INDEX erased_photo_entity ON erased_photo (entity);
CREATE INDEX photo_thumbnail ON photo (thumbnail)
    WHERE thumbnail IS NOT NULL;

-- Notes of the log that say which photos the server holds; verified.
CREATE TABLE blobs_note (
    position INTEGER PRIMARY KEY,   -- index of its log entry
    note     BLOB NOT NULL,         -- whole and signed
    receipt  BLOB NOT NULL
) STRICT;

-- Of photos and thumbnails: which note proves it.
CREATE TABLE photo_proof (
    sha256   BLOB PRIMARY KEY,
    position INTEGER NOT NULL REFERENCES blobs_note (position),
    since_ms INTEGER NOT NULL       -- when the days of keeping it began, by
                                    -- the server's time
) STRICT, WITHOUT ROWID;

CREATE INDEX photo_proof_position ON photo_proof (position);

-- An upload that began: where, and how much the server said that it has.
CREATE TABLE upload (
    sha256   BLOB PRIMARY KEY,
    location TEXT NOT NULL,
    confirmed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Photos that were let go of. Says nothing while the file is still there.
CREATE TABLE freed_photo (
    sha256 BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Entities that the server counts out of this device's scope.
CREATE TABLE gone (
    entity BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The encoded source id of an imported line.
CREATE TABLE source (
    source BLOB PRIMARY KEY,
    entity BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    content    BLOB NOT NULL        -- sealed
) STRICT;

CREATE TABLE registry_note (
    number   INTEGER PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    leaf     BLOB NOT NULL,
    note     BLOB NOT NULL,
    proven   INTEGER NOT NULL   -- 0: signed by a registrar before the one that
                                -- this device knows. Until one of hers comes,
                                -- which fixes those before it, nothing counts
) STRICT;

-- The logs before the one of now, each followed by another because its server
-- was restored: entries below `until` are those of the log of now too.
CREATE TABLE log_before (
    until    INTEGER PRIMARY KEY,
    vkey     TEXT NOT NULL,
    note     BLOB NOT NULL,         -- of the log that followed: whole, signed
    since_ms INTEGER NOT NULL,      -- taken over then, by this clock
    batches  INTEGER NOT NULL,      -- due again
    records  INTEGER NOT NULL,      -- of others, by the log before alone
    photos   INTEGER NOT NULL       -- let go of, and lost there
) STRICT;

CREATE TABLE statement (
    kind     INTEGER NOT NULL,
    subject  TEXT NOT NULL,
    position INTEGER NOT NULL,
    line     INTEGER NOT NULL,      -- place in its note
    text     TEXT NOT NULL,
    PRIMARY KEY (kind, subject, position, line)
) STRICT, WITHOUT ROWID;

-- Every reference entry of the log, in its order; its file comes after it.
CREATE TABLE reference (
    position INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    edition  TEXT NOT NULL,
    sha256   BLOB NOT NULL,
    length   INTEGER NOT NULL
) STRICT;

CREATE INDEX reference_kind ON reference (kind, position);

CREATE TABLE reference_file (
    sha256  BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL           -- sealed
) STRICT;

-- Time notes of the log: those that bound the records that are here.
CREATE TABLE time (
    position INTEGER PRIMARY KEY,
    ms       INTEGER NOT NULL
) STRICT;
