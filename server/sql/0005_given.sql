-- Each time that others did something to a login (server/account/account.h), so that none
-- hides the one before it until somebody has said that it was seen.
CREATE TABLE operator_given (
    record   BLOB PRIMARY KEY, -- that tells of it in the log
    code     TEXT NOT NULL,    -- whose login
    given_by TEXT NOT NULL,    -- '': on the machine itself
    why      TEXT NOT NULL,
    given_ms INTEGER NOT NULL,
    used_ms  INTEGER NOT NULL  -- since then she has another key; 0: not
) STRICT, WITHOUT ROWID;

CREATE INDEX operator_given_code ON operator_given (code, given_ms);

INSERT INTO operator_given (record, code, given_by, why, given_ms, used_ms)
SELECT given, code, given_by, given_why, given_ms, used_ms FROM operator
WHERE given <> zeroblob(32);
