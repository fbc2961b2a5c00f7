-- server.db, as all migrations leave it: what a new file is made of, in a third
-- of the time, and where to read what there is. Whoever adds a migration says it
-- here too; test_store compares.

-- Truth.

CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    note     BLOB NOT NULL
) STRICT;

-- The hashes of the log's tree: a row for what 64 nodes of a level complete on
-- the next five (server/ledger/blocks.c). What a proof takes of the lowest six
-- levels is then one row on one page.
CREATE TABLE block (
    place  INTEGER PRIMARY KEY, -- layer << 48 | number
    hashes BLOB NOT NULL        -- the last of a layer grows
) STRICT;

CREATE TABLE checkpoint (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    note BLOB NOT NULL
) STRICT;

-- The logs that this one is made of, with their verifier keys: each signs the
-- entries from its first one on. The last is this log's own.
CREATE TABLE log (
    first INTEGER PRIMARY KEY,
    vkey  TEXT NOT NULL
) STRICT;

-- The body lies in a table of its own, so that looking for a batch does not
-- walk over bodies.
CREATE TABLE batch (
    position INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    chain    BLOB NOT NULL,
    tree     BLOB NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    state    INTEGER NOT NULL,  -- of enum xg_batch_state
    device   TEXT NOT NULL,
    body_len INTEGER NOT NULL
) STRICT;

-- 2 is XG_BATCH_WAITING.
CREATE INDEX batch_waiting ON batch (chain, first, position) WHERE state = 2;
CREATE INDEX batch_waiting_device ON batch (device) WHERE state = 2;
-- 4 is XG_BATCH_QUARANTINED.
CREATE INDEX batch_apart ON batch (position) WHERE state = 4;

CREATE TABLE body (
    position INTEGER PRIMARY KEY,
    body     BLOB NOT NULL
) STRICT;

CREATE TABLE registry_note (
    number   INTEGER PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    leaf     BLOB NOT NULL
) STRICT;

-- `text` is the line as it stands in the note.
CREATE TABLE statement (
    kind     INTEGER NOT NULL,
    subject  TEXT NOT NULL,
    position INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (kind, subject, position, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX statement_place ON statement (position, line);

-- What the registrar, whose key is on another machine, has yet to sign; and
-- what she was asked to sign as the next registry note.
CREATE TABLE waiting (
    number INTEGER PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

CREATE TABLE request (
    number  INTEGER PRIMARY KEY,
    through INTEGER NOT NULL,   -- of waiting: the last that is in it
    covers  INTEGER NOT NULL,   -- so many
    file    BLOB NOT NULL
) STRICT;

CREATE TABLE person (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Operators' accounts of the console (server/account/account.h): nothing of it
-- is in the log, but that others did something to a login.
CREATE TABLE operator (
    code          TEXT PRIMARY KEY,
    once          BLOB NOT NULL,    -- SHA-256 of the one-time key; zeros: none
    once_until_ms INTEGER NOT NULL,
    totp          BLOB NOT NULL,    -- secret of the second factor, or empty
    totp_begun    BLOB NOT NULL,    -- one that is not in force yet, or empty
    totp_step     INTEGER NOT NULL, -- the newest whose code was taken
    login_ms      INTEGER NOT NULL, -- the newest login; 0: none
    locked        INTEGER NOT NULL,
    why           TEXT NOT NULL,    -- it was locked
    -- raised by whatever ends her logins, lowered by nothing
    turn          INTEGER NOT NULL DEFAULT 0,
    -- the newest record that tells of a login given anew; zeros: none
    given         BLOB NOT NULL DEFAULT (zeroblob(32)),
    given_by      TEXT NOT NULL DEFAULT '', -- '': on the machine itself
    given_ms      INTEGER NOT NULL DEFAULT 0,
    given_why     TEXT NOT NULL DEFAULT '',
    -- a one-time key replaced a password
    used_ms       INTEGER NOT NULL DEFAULT 0,
    -- who would give a new login; '': nobody
    asked_by      TEXT NOT NULL DEFAULT '',
    asked_ms      INTEGER NOT NULL DEFAULT 0,
    asked_why     TEXT NOT NULL DEFAULT '',
    consent       TEXT NOT NULL DEFAULT ''  -- who agreed
) STRICT, WITHOUT ROWID;

-- 32 zeros stand for none.
CREATE UNIQUE INDEX operator_once ON operator (once)
WHERE once <> zeroblob(32);

-- Each time that others did something to a login, so that none hides the one
-- before it until somebody has said that it was seen.
CREATE TABLE operator_given (
    record   BLOB PRIMARY KEY, -- that tells of it in the log
    code     TEXT NOT NULL,    -- whose login
    given_by TEXT NOT NULL,    -- '': on the machine itself
    why      TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    used_ms  INTEGER NOT NULL  -- since then she has another key; 0: not
) STRICT, WITHOUT ROWID;

CREATE INDEX operator_given_code ON operator_given (code, given_ms);

-- Wrong passwords in a row, of a name or of an address, by its hash.
CREATE TABLE wrong_try (
    what    BLOB PRIMARY KEY,
    count   INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Acts that came with a key of whoever asked for them (server/desk/desk.h), and
-- what they were answered with: asked for again, they are answered so again.
-- Kept for some weeks.
CREATE TABLE act (
    author    TEXT NOT NULL,
    key       BLOB NOT NULL,    -- 16 bytes, by lot
    asked     BLOB NOT NULL,    -- what was asked for, hashed
    done_ms   INTEGER NOT NULL, -- by the log's time
    record    BLOB NOT NULL,
    entity    BLOB NOT NULL,
    contact   BLOB NOT NULL,    -- that was made with it; zeros: none
    kind      INTEGER NOT NULL,
    move      INTEGER NOT NULL, -- 0: none
    status    INTEGER NOT NULL, -- of the loop, after it; 0: none
    conflicts INTEGER NOT NULL, -- left to decide
    missing   INTEGER NOT NULL, -- wanted needs that stayed unmet
    number    TEXT NOT NULL,    -- official, that was given; '': none
    PRIMARY KEY (author, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX act_done ON act (done_ms);

-- Keys with which operators sign, each wrapped by its operator's password
-- (shared/core/keywrap.h).
CREATE TABLE operator_key (
    code    TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    key    BLOB NOT NULL,
    worker TEXT NOT NULL,
    state  INTEGER NOT NULL     -- of enum xg_device_state
) STRICT;

CREATE TABLE code (
    id         BLOB PRIMARY KEY,
    secret     BLOB NOT NULL,   -- zeros once used
    worker     TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    key        BLOB NOT NULL,
    device     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE file (
    hash    BLOB PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE reference (
    position INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,
    edition  TEXT NOT NULL,
    hash     BLOB NOT NULL,
    length   INTEGER NOT NULL
) STRICT;

CREATE TABLE value (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What devices cosigned: the newest of each, and of each the first that was of
-- another log than ours (ours = 0). `line` is of a note.
CREATE TABLE cosignature (
    device TEXT NOT NULL,
    ours   INTEGER NOT NULL,
    size   INTEGER NOT NULL,
    root   BLOB NOT NULL,
    line   TEXT NOT NULL,
    PRIMARY KEY (device, ours)
) STRICT, WITHOUT ROWID;

-- The policy, and the newest checkpoint that reached its quorum.
CREATE TABLE document (
    name    TEXT PRIMARY KEY,
    content BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Photos that an operator asked for, until they are held; of each of the
-- devices that may have it.
CREATE TABLE wanted (
    number   INTEGER PRIMARY KEY,
    hash     BLOB NOT NULL,
    length   INTEGER NOT NULL,
    entity   BLOB NOT NULL,
    device   TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    UNIQUE (hash, device)
) STRICT;

CREATE INDEX wanted_device ON wanted (device, number);

-- Records whose fields were erased: by which act, what it says of them (an entry
-- of its `erased`), and what their hash and length were.
CREATE TABLE erased (
    hash        BLOB NOT NULL,
    act         BLOB NOT NULL,
    entry       BLOB NOT NULL,
    fields_hash BLOB NOT NULL,
    length      INTEGER NOT NULL,
    PRIMARY KEY (hash, act)
) STRICT, WITHOUT ROWID;

-- Photos that an act of this entity erased.
CREATE TABLE erased_photo (
    hash   BLOB NOT NULL,
    entity BLOB NOT NULL,
    PRIMARY KEY (hash, entity)
) STRICT, WITHOUT ROWID;

-- Derived. No foreign keys: rows come in the order that is cheapest to write,
-- and `check` compares them with a replay anyway.

CREATE TABLE chain (
    number INTEGER PRIMARY KEY,
    id     BLOB NOT NULL UNIQUE,
    forked INTEGER NOT NULL,
    device TEXT NOT NULL
) STRICT;

CREATE INDEX chain_device ON chain (device);

CREATE TABLE branch (
    number      INTEGER PRIMARY KEY,
    chain       INTEGER NOT NULL,
    parent      INTEGER NOT NULL,   -- 0: none
    id          BLOB NOT NULL,
    start       INTEGER NOT NULL,
    next        INTEGER NOT NULL,
    last        BLOB NOT NULL,
    anchor_size INTEGER NOT NULL
) STRICT;

CREATE INDEX branch_chain ON branch (chain, number);

-- Rows are only ever added at the end, or at the end of their chain.
CREATE TABLE record (
    number      INTEGER PRIMARY KEY,
    chain       INTEGER NOT NULL,
    branch      INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    entity      INTEGER NOT NULL,   -- 0: none
    creates     INTEGER NOT NULL,   -- 2: late
    position    INTEGER NOT NULL,
    shown       INTEGER NOT NULL,
    anchor_size INTEGER NOT NULL,
    bad_anchor  INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    previous    BLOB NOT NULL,
    head        BLOB NOT NULL,
    fields      BLOB NOT NULL
) STRICT;

CREATE INDEX record_place ON record (chain, seq);
CREATE INDEX record_entity ON record (entity) WHERE creates <> 1;
CREATE INDEX record_bare ON record (number) WHERE entity = 0;

-- Records by the first 16 bytes of their hash, which of one that creates an
-- entity are the entity's id. Hashes are random: one index over all of them
-- would be written all over, a page a record once it is larger than memory. So
-- it is kept in runs of 2^15 records (run = number >> 15); only the newest is
-- written to, and a search goes through them, newest first.
CREATE TABLE name (
    run    INTEGER NOT NULL,
    name   BLOB NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

-- The names of the newest 2^12 records (number >> 12) lie apart, and move to
-- their run together (server/store/sqlite_names.c): a group's names are random,
-- so each would be on another page of a long run.
CREATE TABLE name_fresh (
    name   BLOB PRIMARY KEY,
    record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a record that makes something says of where it came from: the number of
-- a hotline's order, of a file's line.
CREATE TABLE source (
    text   TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (text, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE entity (
    number    INTEGER PRIMARY KEY,
    id        BLOB NOT NULL,
    kind      INTEGER NOT NULL,
    creator   INTEGER NOT NULL,     -- record's number, 0: not here
    unit      TEXT NOT NULL,
    author    TEXT NOT NULL,
    records   INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    status    INTEGER NOT NULL,     -- of the loop, 0: none
    open      INTEGER NOT NULL,     -- still needs somebody
    case_number TEXT NOT NULL,      -- the official one, or ''
    links     INTEGER NOT NULL,     -- how many it names as the same
    state     BLOB NOT NULL,
    handed    INTEGER NOT NULL,     -- 1: see `hand`; 2: also for its home
    folded    INTEGER NOT NULL
) STRICT;

-- Those with a first record are found by its name.
CREATE INDEX entity_orphan ON entity (id) WHERE creator = 0;
CREATE INDEX entity_changed ON entity (changed, number);
CREATE INDEX entity_conflicts ON entity (number)
WHERE conflicts > 0 OR folded = 0;
CREATE INDEX entity_open ON entity (number) WHERE open = 1;
CREATE INDEX entity_links ON entity (number) WHERE links > 0;
CREATE INDEX entity_case ON entity (case_number) WHERE case_number <> '';

-- The time notes of the log.
CREATE TABLE time (
    position INTEGER PRIMARY KEY,
    ms       INTEGER NOT NULL
) STRICT;

-- Those of them that bring a cosigned checkpoint, and its size.
CREATE TABLE seen (
    position INTEGER PRIMARY KEY,
    size     INTEGER NOT NULL
) STRICT;

CREATE INDEX seen_size ON seen (size, position);

CREATE TABLE scope (
    key   TEXT NOT NULL,
    shown INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    more  INTEGER NOT NULL,         -- 1: see `passing`; 2: see `moved`
    PRIMARY KEY (key, shown)
) STRICT, WITHOUT ROWID;

-- Which units an entity is with, beside its home.
CREATE TABLE hand (
    entity INTEGER NOT NULL,
    first  INTEGER NOT NULL,        -- records, by their numbers
    unit   TEXT NOT NULL,
    last   INTEGER NOT NULL,
    since  INTEGER NOT NULL,        -- log positions
    until  INTEGER NOT NULL,
    PRIMARY KEY (entity, first, unit)
) STRICT, WITHOUT ROWID;

CREATE INDEX hand_unit ON hand (unit, entity, first);

-- An entity that came into a unit's hands, record by record, or left them.
CREATE TABLE passing (
    unit   TEXT NOT NULL,
    shown  INTEGER NOT NULL,
    entity INTEGER NOT NULL,
    first  INTEGER NOT NULL,        -- 0: it left
    last   INTEGER NOT NULL,
    hand   INTEGER NOT NULL,        -- hand.first
    PRIMARY KEY (unit, shown, entity, first)
) STRICT, WITHOUT ROWID;

-- Records that a fork put onto another branch.
CREATE TABLE moved (
    key    TEXT NOT NULL,
    shown  INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    first  INTEGER NOT NULL,        -- sequence numbers; first > last: none
    last   INTEGER NOT NULL,
    PRIMARY KEY (key, shown, branch)
) STRICT, WITHOUT ROWID;

-- How full the newest log entry is of what is told at it.
CREATE TABLE telling (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    shown INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

-- Photos and thumbnails, by the records that name them.
CREATE TABLE photo (
    hash      BLOB NOT NULL,
    record    INTEGER NOT NULL,
    length    INTEGER NOT NULL,
    thumbnail INTEGER NOT NULL,
    PRIMARY KEY (hash, record)
) STRICT, WITHOUT ROWID;

-- Photos that the log says are held. `bytes`: of this one and all before it.
CREATE TABLE held (
    number   INTEGER PRIMARY KEY,
    hash     BLOB NOT NULL UNIQUE,
    length   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT;
