-- Statements of server/ledger_lock.c.

-- name: get
SELECT body FROM checkpoint WHERE origin = ?1;

-- name: put
INSERT INTO checkpoint (origin, body) VALUES (?1, ?2)
ON CONFLICT (origin) DO UPDATE SET body = excluded.body;
