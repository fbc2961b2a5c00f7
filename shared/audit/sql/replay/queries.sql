-- Statements of shared/audit/replay*.c.

-- name: record_add
INSERT INTO record (number, entity, chain, branch, seq, position, anchor, hash,
                    previous, head, fields, erased)
VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: chain_find
SELECT number FROM chain WHERE id = ?1;

-- name: chain_add
INSERT INTO chain (number, id, device) VALUES (?1, ?2, ?3);

-- Chains in which two records go on from one.
-- name: forked
SELECT DISTINCT chain FROM record GROUP BY chain, seq HAVING count(*) > 1;

-- name: chain_records
SELECT number, seq, hash, previous FROM record WHERE chain = ?1 AND seq >= ?2
ORDER BY seq, number LIMIT 1024;

-- name: branch_set
UPDATE record SET branch = ?2 WHERE number = ?1;

-- name: branch_add
INSERT INTO branch (number, chain, parent, start, id)
VALUES (?1, ?2, ?3, ?4, ?5);

-- name: branches
SELECT number, parent, start, id FROM branch WHERE chain = ?1 ORDER BY number;

-- The next entity after ?1.
-- name: entity_next
SELECT entity FROM record WHERE entity > ?1 ORDER BY entity LIMIT 1;

-- name: entity_records
SELECT r.number, r.branch, r.seq, r.position, r.anchor, r.hash, r.previous,
       r.head, r.fields, r.erased, r.chain, c.id, c.device
FROM record r JOIN chain c ON c.number = r.chain
WHERE r.entity = ?1 AND r.number <= ?2 ORDER BY r.number;

-- name: theirs_add
INSERT INTO theirs (id, leaf) VALUES (?1, ?2);

-- name: theirs_take
DELETE FROM theirs WHERE id = ?1 AND leaf = ?2;

-- name: theirs_drop
DELETE FROM theirs WHERE id = ?1;

-- name: theirs_left
SELECT id FROM theirs ORDER BY id LIMIT 64;
