-- What the database room itself says to SQLite. In a PRAGMA, which takes no
-- parameters, `?1` is replaced by a decimal number before it is prepared.

-- Settings of one connection; several statements, run together. The last ones
-- need the schema, which the first real statement loads anyway.
-- name: connect
PRAGMA secure_delete = ON;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
PRAGMA synchronous = FULL;

-- name: cache_size
PRAGMA cache_size = ?1;

-- name: derived
PRAGMA synchronous = NORMAL;

-- Of a stranger's file: nothing of it is gathered in memory.
-- name: hostile
PRAGMA automatic_index = OFF;
PRAGMA temp_store = FILE;

-- name: wal
PRAGMA journal_mode = WAL;

-- A writer takes SQLite's write lock at once, so that it never has to be
-- turned away after it has read.
-- name: begin_write
BEGIN IMMEDIATE;

-- name: begin_read
BEGIN DEFERRED;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: version
PRAGMA user_version;

-- name: version_set
PRAGMA user_version = ?1;

-- name: tables
SELECT count(*) FROM sqlite_schema;

-- name: migration_create
CREATE TABLE migration (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    checksum BLOB NOT NULL
) STRICT;

-- name: migration_add
INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3);

-- name: migration_list
SELECT number, checksum FROM migration ORDER BY number;

-- name: foreign_key_check
PRAGMA foreign_key_check;

-- name: integrity_check
PRAGMA integrity_check(1);

-- name: quick_check
PRAGMA quick_check(1);

-- name: table_type
SELECT type FROM pragma_table_list(?1) WHERE schema = 'main';
