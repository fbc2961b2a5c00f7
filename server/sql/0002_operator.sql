-- Operators' accounts of the console (server/account.h): truth, and nothing of
-- it in the log.
CREATE TABLE operator (
    code          TEXT PRIMARY KEY,
    once          BLOB NOT NULL,    -- SHA-256 of the one-time key; zeros: none
    once_until_ms INTEGER NOT NULL,
    totp          BLOB NOT NULL,    -- secret of the second factor, or empty
    totp_begun    BLOB NOT NULL,    -- one that is not in force yet, or empty
    totp_step     INTEGER NOT NULL, -- the newest whose code was taken
    login_ms      INTEGER NOT NULL, -- the newest login; 0: none
    locked        INTEGER NOT NULL,
    why           TEXT NOT NULL     -- it was locked
) STRICT, WITHOUT ROWID;

-- 32 zeros stand for none.
CREATE UNIQUE INDEX operator_once ON operator (once)
WHERE once <> zeroblob(32);

-- Wrong passwords in a row, of a name or of an address, by its hash.
CREATE TABLE wrong_try (
    what    BLOB PRIMARY KEY,
    count   INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
