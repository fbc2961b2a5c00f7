-- Statements of server/witness.c.

-- name: self_get
SELECT key FROM self WHERE id = 1;

-- name: self_put
INSERT INTO self (id, key) VALUES (1, ?1);

-- name: log_put
INSERT INTO log (origin, name, key, watched, size, root, note)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (origin) DO UPDATE SET
    key = excluded.key, watched = excluded.watched, size = excluded.size,
    root = excluded.root, note = excluded.note;

-- name: log_find
SELECT origin, name, key, watched, size, root, note FROM log WHERE origin = ?1;

-- name: log_named
SELECT origin, name, key, watched, size, root, note FROM log WHERE name = ?1;

-- name: log_list
SELECT origin, name, key, watched, size, root, note FROM log ORDER BY origin;
