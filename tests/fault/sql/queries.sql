-- Statements of tests/fault/specimen.c.

-- name: saved_add
INSERT INTO saved (number, body) VALUES (?1, ?2);

-- name: saved_list
SELECT number, body FROM saved ORDER BY number;
