-- Statements of shared/audit/folder.c: a server's data folder, read by somebody
-- who takes nothing of it on trust.

-- name: checkpoint
SELECT note FROM checkpoint WHERE id = 1;

-- name: entries
SELECT note FROM entry WHERE position >= ?1 AND position < ?2
ORDER BY position;

-- name: batch
SELECT e.note, b.body FROM entry e JOIN body b ON b.position = e.position
WHERE e.position = ?1;

-- The newest checkpoint that reached the policy.
-- name: cosigned
SELECT content FROM document WHERE name = 'cosigned';

-- What devices cosigned, of this history and of others.
-- name: cosignatures
SELECT size, root, line FROM cosignature ORDER BY size DESC, device;

-- A derived table, only to be compared with what a replay finds.
-- name: entity_states
SELECT id, state FROM entity WHERE folded = 1;

-- name: checkpoint_size
SELECT size FROM checkpoint WHERE id = 1;

-- name: file
SELECT content FROM file WHERE hash = ?1;
