-- The statements of agent/store*.c and agent/fold.c.

-- ---- meta ----

-- name: meta_get
SELECT value FROM meta WHERE name = ?1

-- name: meta_put
INSERT INTO meta (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: meta_delete
DELETE FROM meta WHERE name = ?1

-- ---- chains ----

-- name: chain_current
SELECT id, chain, last, next, anchor_size, mine, current, forked
FROM chain WHERE current = 1

-- name: chain_find
SELECT id, chain, last, next, anchor_size, mine, current, forked
FROM chain WHERE chain = ?1

-- name: chain_own
SELECT id, chain, last, next, anchor_size, mine, current, forked
FROM chain WHERE mine = 1 ORDER BY id DESC LIMIT ?1

-- Of an entity that has no row: its row was taken out, or never folded.
-- name: verify_rowless
SELECT r.hash, r.kind FROM record AS r
WHERE NOT EXISTS (SELECT 1 FROM entity AS e WHERE e.entity = r.entity)

-- Own records whose batch is gone, or that lie below one and are in none; what
-- the server brought back of an own chain has a place in the log and no batch.
-- name: verify_batchless
SELECT r.hash FROM record AS r LEFT JOIN batch AS b ON b.id = r.batch
WHERE r.chain = ?1
  AND ((r.batch IS NOT NULL AND b.id IS NULL)
       OR (r.batch IS NULL AND r.position IS NULL
           AND r.seq < (SELECT max(x.last) FROM batch AS x
                        WHERE x.chain = ?1)))
ORDER BY r.seq LIMIT 1

-- Called received, and nothing shows it.
-- name: verify_receiptless
SELECT batch FROM batch
WHERE chain = ?1 AND (delivery = ?2 OR position IS NOT NULL)
  AND (receipt IS NULL OR position IS NULL)
ORDER BY id LIMIT 1

-- Beyond the end that the chain states.
-- name: verify_beyond
SELECT hash FROM record WHERE chain = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1

-- name: chain_add
INSERT INTO chain (chain, device, mine, current, forked, next, last,
                   anchor_size, serial)
VALUES (?1, ?2, ?3, 0, 0, 0, ?4, 0, 0)

-- name: chain_none_current
UPDATE chain SET current = 0 WHERE current = 1

-- name: chain_make_current
UPDATE chain SET current = 1 WHERE id = ?1

-- name: chain_mark_forked
UPDATE chain SET forked = 1, current = 0 WHERE id = ?1

-- name: chain_advance
UPDATE chain SET next = ?2, last = ?3, anchor_size = max(anchor_size, ?4),
                 serial = max(serial, ?5)
WHERE id = ?1

-- name: chain_anchored
UPDATE chain SET anchor_size = ?2 WHERE id = ?1 AND anchor_size < ?2

-- name: chain_serial_seen
UPDATE chain SET serial = ?2 WHERE id = ?1 AND serial < ?2

-- name: chain_name
UPDATE chain SET device = ?2 WHERE id = ?1 AND device <> ?2

-- name: chain_name_own
UPDATE chain SET device = ?1 WHERE mine = 1 AND device <> ?1

-- name: serial_highest
SELECT coalesce(max(serial), 0) FROM chain WHERE mine = 1

-- ---- branches ----

-- name: branch_find
SELECT id FROM branch WHERE branch = ?1

-- name: branch_get
SELECT branch, start, parent FROM branch WHERE id = ?1

-- name: branch_put
INSERT INTO branch (chain, branch, start, parent) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (branch) DO UPDATE SET start = excluded.start,
                                   parent = excluded.parent

-- name: fork_list
SELECT c.chain, c.device, c.mine, coalesce(b.start, c.next), b.branch,
       (SELECT count(*) FROM record AS r WHERE r.branch = b.id)
FROM chain AS c LEFT JOIN branch AS b ON b.chain = c.id
WHERE c.forked = 1 OR b.id IS NOT NULL
ORDER BY c.mine DESC, c.id, coalesce(b.start, c.next), b.branch

-- name: branch_reparent
UPDATE branch SET parent = ?4
WHERE chain = ?1 AND parent IS ?2 AND start > ?3 AND id <> ?4

-- ---- records ----

-- name: record_known
SELECT id, chain, position, entity, told, anchor_size FROM record
WHERE hash = ?1

-- name: record_add
INSERT INTO record (hash, chain, seq, previous, branch, entity, kind,
                    anchor_size, position, head, fields, fields_hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)

-- name: record_branch
SELECT branch FROM record WHERE hash = ?1 AND chain = ?2

-- name: record_at
SELECT hash, previous, branch FROM record WHERE chain = ?1 AND seq = ?2

-- name: record_collides
SELECT hash FROM record WHERE chain = ?1 AND seq = ?2 AND branch IS ?3

-- name: record_move_branch
UPDATE record SET branch = ?4
WHERE chain = ?1 AND seq >= ?2 AND branch IS ?3

-- name: record_entities_from
SELECT DISTINCT entity FROM record
WHERE chain = ?1 AND seq >= ?2 AND kind NOT IN (1, 2)

-- name: record_set_branch
UPDATE record SET branch = ?2 WHERE hash = ?1

-- name: record_set_position
UPDATE record SET position = ?2 WHERE hash = ?1 AND position IS NOT ?2

-- name: record_erase
UPDATE record SET fields = NULL, fields_hash = ?2 WHERE hash = ?1

-- name: record_each_fields
SELECT hash, fields FROM record WHERE fields IS NOT NULL

-- name: record_of_entity
SELECT r.id, r.hash, c.chain, r.seq, r.previous, r.branch, r.anchor_size,
       r.position, r.head, r.fields, r.fields_hash, c.device, c.mine, c.id
FROM record AS r JOIN chain AS c ON c.id = r.chain
WHERE r.entity = ?1 ORDER BY r.id

-- From the chains, of which a note concerns few (CROSS JOIN: in this order);
-- else all records are gone through for each note of the registry.
-- name: record_entities_of_device
SELECT DISTINCT r.entity
FROM chain AS c CROSS JOIN record AS r ON r.chain = c.id
WHERE c.device = ?1 AND r.kind NOT IN (1, 2)

-- name: record_entities_of_own
SELECT DISTINCT r.entity FROM record AS r JOIN chain AS c ON c.id = r.chain
WHERE c.mine = 1 AND r.kind NOT IN (1, 2)

-- name: record_entities_anchored_after
SELECT DISTINCT r.entity
FROM chain AS c CROSS JOIN record AS r ON r.chain = c.id
WHERE c.anchor_size > ?1 AND r.anchor_size > ?1 AND r.kind NOT IN (1, 2)

-- name: record_entities
SELECT DISTINCT entity FROM record WHERE kind NOT IN (1, 2) ORDER BY entity

-- name: record_waiting
SELECT hash, seq, previous, head, fields FROM record
WHERE chain = ?1 AND seq >= ?2 AND batch IS NULL AND position IS NULL
ORDER BY seq

-- name: record_into_batch
UPDATE record SET batch = ?2 WHERE hash = ?1

-- name: record_batch_logged
-- A place that the server told stays: a copy of the device logged it first.
UPDATE record SET position = ?5
WHERE chain = ?1 AND seq BETWEEN ?2 AND ?3 AND batch = ?4 AND position IS NULL

-- ---- citations of what is not here ----

-- ---- what a predecessor handed over ----

-- name: record_anchor
SELECT kind, anchor_size, fields FROM record WHERE hash = ?1 AND chain = ?2

-- name: record_set_anchor
UPDATE record SET anchor_size = ?2 WHERE hash = ?1

-- name: record_delete
DELETE FROM record WHERE hash = ?1

-- name: record_mark_told
UPDATE record SET told = 1 WHERE hash = ?1

-- name: record_entities_told
SELECT DISTINCT entity FROM record WHERE told = 1

-- name: record_delete_told
DELETE FROM record WHERE told = 1

-- name: entity_delete_empty
DELETE FROM entity
WHERE entity = ?1 AND NOT EXISTS (SELECT 1 FROM record WHERE entity = ?1)

-- name: photo_delete_empty
DELETE FROM photo
WHERE entity = ?1 AND NOT EXISTS (SELECT 1 FROM record WHERE entity = ?1)

-- name: record_loose
SELECT c.chain, c.device, r.seq, r.previous, r.position, r.anchor_size, r.head,
       r.fields, r.fields_hash, r.hash, r.branch
FROM record AS r JOIN chain AS c ON c.id = r.chain
WHERE r.entity = ?1 AND r.batch IS NULL
  AND (c.mine = 0 OR r.position IS NOT NULL)
ORDER BY c.id, r.seq

-- name: batch_kept
SELECT b.id, b.batch, c.chain, b.last_hash, b.first, b.last, b.delivery,
       b.note, b.body, b.receipt, b.state, c.mine
FROM batch AS b JOIN chain AS c ON c.id = b.chain
WHERE b.id > ?1 ORDER BY b.id LIMIT 1

-- name: batch_known
SELECT id FROM batch WHERE batch = ?1

-- name: batch_bytes
SELECT coalesce(sum(length(note) + length(body) +
                    coalesce(length(receipt), 0)), 0), count(*) FROM batch

-- name: batch_tips
SELECT c.chain, max(b.last) + 1 FROM batch AS b JOIN chain AS c
ON c.id = b.chain GROUP BY c.id ORDER BY c.id

-- name: batch_carried_again
UPDATE batch SET delivery = ?1, state = NULL, receipt = NULL, position = NULL
WHERE receipt IS NOT NULL AND chain IN (SELECT id FROM chain WHERE mine = 0)

-- name: count_carried
SELECT (SELECT count(*) FROM batch AS b JOIN chain AS c ON c.id = b.chain
        WHERE c.mine = 0),
       (SELECT count(*) FROM batch AS b JOIN chain AS c ON c.id = b.chain
        WHERE c.mine = 0 AND (b.receipt IS NULL OR b.state = 2)),
       (SELECT count(*) FROM record WHERE told = 1),
       (SELECT count(*) FROM carried_photo)

-- name: record_unproven
-- Own work, and batches taken over, that no receipt proves.
SELECT c.chain, r.seq, r.entity
FROM record AS r JOIN chain AS c ON c.id = r.chain
LEFT JOIN batch AS b ON b.id = r.batch
WHERE r.kind NOT IN (1, 2)
  AND ((b.id IS NULL AND c.mine = 1 AND r.position IS NULL) OR
       (b.id IS NOT NULL AND (b.receipt IS NULL OR b.state = 2)))
ORDER BY c.id, r.seq

-- name: record_oldest_unproven
SELECT r.head FROM chain AS c JOIN record AS r ON r.chain = c.id
LEFT JOIN batch AS b ON b.id = r.batch
WHERE c.mine = 1 AND r.kind NOT IN (1, 2)
  AND ((b.id IS NULL AND r.position IS NULL) OR
       (b.id IS NOT NULL AND b.receipt IS NULL))
ORDER BY r.id LIMIT 1

-- name: carried_photo_add
INSERT INTO carried_photo (sha256) VALUES (?1) ON CONFLICT DO NOTHING

-- name: carried_photo_find
SELECT 1 FROM carried_photo WHERE sha256 = ?1

-- name: photo_entities
SELECT entity FROM photo WHERE sha256 = ?1

-- name: devices_named
SELECT subject, text FROM statement WHERE kind = 3
  AND (SELECT proven FROM registry_note ORDER BY number DESC LIMIT 1) = 1
ORDER BY position, line

-- name: workers_named
SELECT w.text FROM statement AS w WHERE w.kind = 2
  AND (SELECT proven FROM registry_note ORDER BY number DESC LIMIT 1) = 1
  AND NOT EXISTS (SELECT 1 FROM statement AS n
                  WHERE n.kind = 2 AND n.subject = w.subject
                    AND (n.position, n.line) > (w.position, w.line))
ORDER BY w.subject

-- name: missing_add
INSERT INTO missing (hash, entity) VALUES (?1, ?2) ON CONFLICT DO NOTHING

-- name: missing_of
SELECT entity FROM missing WHERE hash = ?1

-- name: missing_delete
DELETE FROM missing WHERE hash = ?1

-- ---- batches ----

-- name: batch_add
INSERT INTO batch (batch, chain, first, last, last_hash, note, body, delivery)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: batch_due
SELECT b.id, b.batch, c.chain, b.last_hash, b.first, b.last, b.delivery,
       b.note, b.body, b.receipt, b.state, c.mine
FROM batch AS b JOIN chain AS c ON c.id = b.chain
WHERE (b.receipt IS NULL OR b.state = 2) AND b.id > ?1 ORDER BY b.id LIMIT 1

-- name: batch_of_record
SELECT b.id, b.batch, c.chain, b.last_hash, b.first, b.last, b.delivery,
       b.note, b.body, b.receipt, b.state, c.mine
FROM record AS r JOIN batch AS b ON b.id = r.batch
JOIN chain AS c ON c.id = b.chain WHERE r.hash = ?1

-- name: batch_body
UPDATE batch SET body = ?2 WHERE id = ?1

-- name: batch_logged
SELECT position FROM batch WHERE position >= ?1 ORDER BY position LIMIT ?2

-- name: batch_place
SELECT chain, first, last FROM batch WHERE id = ?1

-- name: batch_sent
UPDATE batch SET delivery = ?2 WHERE id = ?1 AND delivery < ?2

-- name: batch_received
UPDATE batch SET delivery = ?2, state = ?3, receipt = ?4, position = ?5
WHERE id = ?1

-- name: batch_again
UPDATE batch SET delivery = ?3, state = NULL, receipt = NULL, position = NULL
WHERE chain = ?1 AND last >= ?2 AND receipt IS NOT NULL

-- name: record_again
-- What came back from the server (a restored copy) has no batch of ours: it is
-- sealed anew.
UPDATE record SET position = NULL
WHERE chain = ?1 AND ((batch IS NULL AND seq >= ?2) OR
                      batch IN (SELECT id FROM batch
                                WHERE chain = ?1 AND last >= ?2))

-- name: batch_states
SELECT count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3),
       count(*) FILTER (WHERE state = 4)
FROM batch WHERE state > 1

-- ---- entities ----

-- name: entity_put
INSERT INTO entity (entity, kind, number, unit, status, withdrawn, conflicts,
                    records, mine, photos, first_ms, changed_ms, newest,
                    state, official, folded)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
ON CONFLICT (entity) DO UPDATE SET
    official = excluded.official,
    kind = excluded.kind, number = excluded.number, unit = excluded.unit,
    status = excluded.status, withdrawn = excluded.withdrawn,
    conflicts = excluded.conflicts, records = excluded.records,
    mine = excluded.mine, photos = excluded.photos,
    first_ms = excluded.first_ms,
    changed_ms = excluded.changed_ms, newest = excluded.newest,
    state = excluded.state, folded = excluded.folded

-- name: entity_unfolded
SELECT records FROM entity WHERE entity = ?1 AND folded = 0

-- name: entity_delete_all
DELETE FROM entity

-- name: photo_delete_all
DELETE FROM photo

-- name: missing_delete_all
DELETE FROM missing

-- name: link_delete_all
DELETE FROM link

-- name: link_delete
DELETE FROM link WHERE entity = ?1

-- name: link_put
INSERT INTO link (entity, target) VALUES (?1, ?2) ON CONFLICT DO NOTHING

-- name: link_list
SELECT entity, target FROM link ORDER BY entity, target

-- Everything that hangs together with one, itself included.
-- name: link_group
WITH RECURSIVE member (entity) AS (
    SELECT ?1
    UNION SELECT l.target FROM link AS l JOIN member AS m ON l.entity = m.entity
    UNION SELECT l.entity FROM link AS l JOIN member AS m ON l.target = m.entity
)
SELECT entity FROM member ORDER BY entity

-- name: photo_delete
DELETE FROM photo WHERE entity = ?1

-- name: erased_photo_delete
DELETE FROM erased_photo WHERE entity = ?1

-- name: erased_photo_delete_all
DELETE FROM erased_photo

-- name: erased_photo_put
INSERT INTO erased_photo (sha256, entity) VALUES (?1, ?2) ON CONFLICT DO NOTHING

-- name: erased_photo_gone
-- After a hash, those that no entity shows whose acts did not erase them. What
-- an entity shows that was not folded is not known here, so that none is gone
-- then.
SELECT DISTINCT e.sha256 FROM erased_photo AS e
WHERE e.sha256 > ?1 AND NOT EXISTS (SELECT 1 FROM entity WHERE folded = 0)
  AND NOT EXISTS (SELECT 1 FROM photo AS p
                  WHERE p.sha256 = e.sha256
                    AND NOT EXISTS (SELECT 1 FROM erased_photo AS x
                                    WHERE x.sha256 = e.sha256
                                      AND x.entity = p.entity))
  AND NOT EXISTS (SELECT 1 FROM photo AS p
                  WHERE p.thumbnail = e.sha256
                    AND NOT EXISTS (SELECT 1 FROM erased_photo AS x
                                    WHERE x.sha256 = e.sha256
                                      AND x.entity = p.entity))
ORDER BY e.sha256 LIMIT ?2

-- name: erased_photo_is_gone
SELECT 1 FROM erased_photo AS e
WHERE e.sha256 = ?1
  AND NOT EXISTS (SELECT 1 FROM photo AS p
                  WHERE p.sha256 = e.sha256
                    AND NOT EXISTS (SELECT 1 FROM erased_photo AS x
                                    WHERE x.sha256 = e.sha256
                                      AND x.entity = p.entity))
  AND NOT EXISTS (SELECT 1 FROM photo AS p
                  WHERE p.thumbnail = e.sha256
                    AND NOT EXISTS (SELECT 1 FROM erased_photo AS x
                                    WHERE x.sha256 = e.sha256
                                      AND x.entity = p.entity))

-- name: photo_put
-- Who has the photo knows its length and thumbnail; others may say what they
-- like.
INSERT INTO photo (entity, sha256, length, mine, shown, record, rank,
                   thumbnail, thumbnail_bytes)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT DO UPDATE SET
    length = iif(excluded.mine > mine, excluded.length, length),
    thumbnail = iif(excluded.mine > mine OR thumbnail IS NULL,
                    coalesce(excluded.thumbnail, thumbnail), thumbnail),
    thumbnail_bytes = iif(excluded.mine > mine OR thumbnail IS NULL,
                          coalesce(excluded.thumbnail_bytes, thumbnail_bytes),
                          thumbnail_bytes),
    mine = max(mine, excluded.mine), shown = max(shown, excluded.shown),
    record = iif(excluded.shown > shown, excluded.record, record)

-- name: entity_get
SELECT e.entity, e.kind, e.number, e.unit, e.status, e.withdrawn, e.conflicts,
       e.records, e.mine, e.photos,
       (SELECT count(*) FROM photo AS p
        WHERE p.entity = e.entity AND p.mine = 1 AND p.shown = 1
          AND NOT EXISTS (SELECT 1 FROM photo_proof AS f
                          WHERE f.sha256 = p.sha256)),
       e.first_ms, e.changed_ms,
       EXISTS (SELECT 1 FROM gone AS g WHERE g.entity = e.entity),
       coalesce((SELECT min(coalesce(b.delivery,
                                     iif(r.position IS NULL, 1, 4)))
                 FROM record AS r JOIN chain AS c ON c.id = r.chain
                 LEFT JOIN batch AS b ON b.id = r.batch
                 WHERE r.entity = e.entity
                   AND (c.mine = 1 OR r.batch IS NOT NULL)), 4),
       e.state, e.folded, e.newest
FROM entity AS e WHERE e.entity = ?1

-- ?1, ?7: sets of bits of kinds and deliveries, 0: all. ?8: 1: only cases
-- that are neither withdrawn nor of a final status (xg_status_final); 2: only
-- those that are. ?9: only what stands below that rank.
-- name: entity_list
SELECT e.entity, e.kind, e.number, e.unit, e.status, e.withdrawn, e.conflicts,
       e.records, e.mine, e.photos,
       (SELECT count(*) FROM photo AS p
        WHERE p.entity = e.entity AND p.mine = 1 AND p.shown = 1
          AND NOT EXISTS (SELECT 1 FROM photo_proof AS f
                          WHERE f.sha256 = p.sha256)),
       e.first_ms, e.changed_ms,
       EXISTS (SELECT 1 FROM gone AS g WHERE g.entity = e.entity) AS out,
       coalesce((SELECT min(coalesce(b.delivery,
                                     iif(r.position IS NULL, 1, 4)))
                 FROM record AS r JOIN chain AS c ON c.id = r.chain
                 LEFT JOIN batch AS b ON b.id = r.batch
                 WHERE r.entity = e.entity
                   AND (c.mine = 1 OR r.batch IS NOT NULL)), 4) AS delivery,
       e.state, e.folded, e.newest
FROM entity AS e
WHERE (?1 = 0 OR ?1 & (1 << e.kind)) AND (?2 = 0 OR e.status = ?2)
  AND (?3 = 0 OR e.mine = 1)
  AND (?4 = 0 OR e.conflicts > 0 OR e.folded = 0)
  AND (?5 = 1 OR e.kind <> 4) AND (?6 = 1 OR out = 0)
  AND (?7 = 0 OR ?7 & (1 << delivery))
  AND (?8 = 0 OR (e.status > 0
                  AND (e.withdrawn OR e.status IN (9, 12, 13, 16))
                      = (?8 = 2)))
  AND e.newest < ?9 AND e.first_ms >= ?10 AND e.first_ms < ?11
ORDER BY e.newest DESC LIMIT ?12

-- How many entity_list gives: the same conditions, ?12 aside.
-- name: entity_count
SELECT count(*)
FROM (SELECT CASE ?7 WHEN 0 THEN 0 ELSE
          coalesce((SELECT min(coalesce(b.delivery,
                                        iif(r.position IS NULL, 1, 4)))
                    FROM record AS r JOIN chain AS c ON c.id = r.chain
                    LEFT JOIN batch AS b ON b.id = r.batch
                    WHERE r.entity = e.entity
                      AND (c.mine = 1 OR r.batch IS NOT NULL)), 4)
          END AS delivery
      FROM entity AS e
      WHERE (?1 = 0 OR ?1 & (1 << e.kind)) AND (?2 = 0 OR e.status = ?2)
        AND (?3 = 0 OR e.mine = 1)
        AND (?4 = 0 OR e.conflicts > 0 OR e.folded = 0)
        AND (?5 = 1 OR e.kind <> 4)
        AND (?6 = 1 OR NOT EXISTS (SELECT 1 FROM gone AS g
                                   WHERE g.entity = e.entity))
        AND (?8 = 0 OR (e.status > 0
                        AND (e.withdrawn OR e.status IN (9, 12, 13, 16))
                            = (?8 = 2)))
        AND e.newest < ?9 AND e.first_ms >= ?10 AND e.first_ms < ?11)
WHERE ?7 = 0 OR ?7 & (1 << delivery)

-- name: entity_between
SELECT entity FROM entity
WHERE kind = ?1 AND mine = 1 AND first_ms >= ?2 AND first_ms < ?3
ORDER BY first_ms, id

-- name: entity_by_prefix
SELECT entity, kind, number FROM entity
WHERE entity >= ?1 AND entity <= ?2 ORDER BY entity LIMIT 33

-- name: entity_by_number
SELECT entity, kind, number FROM entity WHERE number = ?1
ORDER BY entity LIMIT 33

-- name: entity_by_official
SELECT entity, kind, number FROM entity WHERE official = ?1
ORDER BY entity LIMIT 33

-- name: entity_states
SELECT entity, number, unit, state FROM entity ORDER BY entity

-- name: gone_add
INSERT INTO gone (entity)
SELECT ?1 WHERE EXISTS (SELECT 1 FROM record WHERE entity = ?1)
ON CONFLICT DO NOTHING

-- name: gone_delete
DELETE FROM gone WHERE entity = ?1

-- name: source_add
INSERT INTO source (source, entity) VALUES (?1, ?2) ON CONFLICT DO NOTHING

-- name: source_drop
DELETE FROM source WHERE entity = ?1

-- name: source_get
SELECT entity FROM source WHERE source = ?1

-- name: count_records
SELECT coalesce(b.delivery, iif(r.position IS NULL, 1, 4)) AS delivery,
       count(*)
FROM chain AS c JOIN record AS r ON r.chain = c.id
LEFT JOIN batch AS b ON b.id = r.batch
WHERE c.mine = 1 AND r.kind NOT IN (1, 2) GROUP BY delivery

-- name: count_entities
SELECT delivery, count(*) FROM (
    SELECT min(coalesce(b.delivery, iif(r.position IS NULL, 1, 4))) AS delivery
    FROM chain AS c JOIN record AS r ON r.chain = c.id
    LEFT JOIN batch AS b ON b.id = r.batch
    WHERE c.mine = 1 AND r.kind NOT IN (1, 2) GROUP BY r.entity)
GROUP BY delivery

-- name: count_others
SELECT (SELECT count(*) FROM draft),
       (SELECT count(*) FROM entity WHERE conflicts > 0 OR folded = 0),
       (SELECT count(DISTINCT sha256) FROM photo WHERE shown = 1)

-- name: oldest_waiting
-- Of the own records without a receipt the first that was written.
SELECT r.head
FROM chain AS c JOIN record AS r ON r.chain = c.id
LEFT JOIN batch AS b ON b.id = r.batch
WHERE c.mine = 1 AND r.kind NOT IN (1, 2)
  AND coalesce(b.delivery, iif(r.position IS NULL, 1, 4)) < 4
ORDER BY r.id LIMIT 1

-- name: count_photos_here
-- Those of which this device may have the only copy; the oldest as the record
-- that attached it tells.
SELECT count(*), coalesce(sum(length), 0), min(first_ms) FROM (
    SELECT max(p.length) AS length, min(e.first_ms) AS first_ms
    FROM photo AS p JOIN entity AS e ON e.entity = p.entity
    WHERE p.mine = 1 AND p.shown = 1
      AND NOT EXISTS (SELECT 1 FROM photo_proof AS f
                      WHERE f.sha256 = p.sha256)
    GROUP BY p.sha256)

-- ---- drafts ----

-- name: draft_add
INSERT INTO draft (kind, changed_ms, content) VALUES (?1, ?2, ?3)

-- name: draft_change
UPDATE draft SET kind = ?2, changed_ms = ?3, content = ?4 WHERE id = ?1

-- name: draft_get
SELECT kind, content, changed_ms FROM draft WHERE id = ?1

-- name: draft_delete
DELETE FROM draft WHERE id = ?1

-- name: draft_list
SELECT id, kind, changed_ms FROM draft ORDER BY id

-- ---- photos: what goes out, what is proven, what was let go of ----

-- name: photo_due
-- Unproven ones whose record the server has (?5: or not), after a place in the
-- order.
SELECT p.sha256,
       (SELECT o.length FROM photo AS o WHERE o.sha256 = p.sha256 AND o.mine = 1
        ORDER BY o.record LIMIT 1),
       min(p.rank) AS first, min(p.record) AS oldest
FROM photo AS p JOIN record AS r ON r.id = p.record
WHERE p.mine = 1 AND p.shown = 1 AND (?5 OR r.position IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM photo_proof AS f WHERE f.sha256 = p.sha256)
GROUP BY p.sha256 HAVING (first, oldest, p.sha256) > (?1, ?2, ?3)
ORDER BY first, oldest, p.sha256 LIMIT ?4

-- name: photo_due_begun
-- Of photo_due those of which something may be on the server.
SELECT p.sha256, max(p.length), min(p.rank) AS first, min(p.record) AS oldest
FROM upload AS u JOIN photo AS p ON p.sha256 = u.sha256
JOIN record AS r ON r.id = p.record
WHERE p.mine = 1 AND p.shown = 1 AND (?5 OR r.position IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM photo_proof AS f WHERE f.sha256 = p.sha256)
GROUP BY p.sha256 HAVING (first, oldest, p.sha256) > (?1, ?2, ?3)
ORDER BY first, oldest, p.sha256 LIMIT ?4

-- name: photo_due_thumbnails
SELECT p.thumbnail, max(p.thumbnail_bytes), min(p.rank) AS first,
       min(p.record) AS oldest
FROM photo AS p JOIN record AS r ON r.id = p.record
WHERE p.mine = 1 AND p.shown = 1 AND (?5 OR r.position IS NOT NULL)
  AND p.thumbnail IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM photo_proof AS f WHERE f.sha256 = p.thumbnail)
GROUP BY p.thumbnail HAVING (first, oldest, p.thumbnail) > (?1, ?2, ?3)
ORDER BY first, oldest, p.thumbnail LIMIT ?4

-- name: photo_due_sums
SELECT (SELECT count(DISTINCT p.sha256)
        FROM photo AS p JOIN record AS r ON r.id = p.record
        WHERE p.mine = 1 AND p.shown = 1 AND r.position IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM photo_proof AS f
                          WHERE f.sha256 = p.sha256)),
       (SELECT coalesce(sum(length), 0) FROM (
            SELECT max(p.length) AS length
            FROM photo AS p JOIN record AS r ON r.id = p.record
            WHERE p.mine = 1 AND p.shown = 1 AND r.position IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM photo_proof AS f
                              WHERE f.sha256 = p.sha256)
            GROUP BY p.sha256)),
       (SELECT coalesce(sum(length), 0) FROM (
            SELECT max(p.thumbnail_bytes) AS length
            FROM photo AS p JOIN record AS r ON r.id = p.record
            WHERE p.mine = 1 AND p.shown = 1 AND r.position IS NOT NULL
              AND p.thumbnail IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM photo_proof AS f
                              WHERE f.sha256 = p.thumbnail)
            GROUP BY p.thumbnail))

-- name: photo_find
-- One photo, whoever shows it; `received`: of every own record that attached
-- it the server has proved that it is there. As long as the device's own record
-- says, else the first.
SELECT (SELECT o.length FROM photo AS o WHERE o.sha256 = p.sha256
        ORDER BY o.mine DESC, o.record LIMIT 1), max(p.mine), max(p.shown),
       min(p.mine = 0 OR r.position IS NOT NULL), f.position, f.since_ms,
       u.confirmed, EXISTS (SELECT 1 FROM freed_photo AS z
                         WHERE z.sha256 = p.sha256)
FROM photo AS p LEFT JOIN record AS r ON r.id = p.record
LEFT JOIN photo_proof AS f ON f.sha256 = p.sha256
LEFT JOIN upload AS u ON u.sha256 = p.sha256
WHERE p.sha256 = ?1 GROUP BY p.sha256

-- name: photo_list
-- Every photo that own entities show, entity by entity.
SELECT p.entity, p.sha256, p.length, p.mine, r.position IS NOT NULL,
       f.position, f.since_ms, u.confirmed,
       EXISTS (SELECT 1 FROM freed_photo AS z WHERE z.sha256 = p.sha256)
FROM photo AS p JOIN entity AS e ON e.entity = p.entity
LEFT JOIN record AS r ON r.id = p.record
LEFT JOIN photo_proof AS f ON f.sha256 = p.sha256
LEFT JOIN upload AS u ON u.sha256 = p.sha256
WHERE p.shown = 1 AND (p.mine = 1 OR ?1 = 1)
ORDER BY e.first_ms, p.entity, p.record, p.sha256

-- name: photo_each
-- One row a photo, after a hash. Of those that are nowhere a thumbnail; ?2: only
-- those that are proven below ?3, and whose days began at ?4 or before.
SELECT p.sha256, max(p.length), max(p.mine), max(p.shown),
       min(p.mine = 0 OR r.position IS NOT NULL), f.position, f.since_ms,
       u.confirmed, EXISTS (SELECT 1 FROM freed_photo AS z
                            WHERE z.sha256 = p.sha256)
FROM photo AS p LEFT JOIN record AS r ON r.id = p.record
LEFT JOIN photo_proof AS f ON f.sha256 = p.sha256
LEFT JOIN upload AS u ON u.sha256 = p.sha256
WHERE p.sha256 > ?1 AND (?2 = 0 OR (f.position < ?3 AND f.since_ms <= ?4))
  AND NOT EXISTS (SELECT 1 FROM photo AS t WHERE t.thumbnail = p.sha256)
GROUP BY p.sha256 ORDER BY p.sha256 LIMIT ?5

-- name: photo_is_thumbnail
SELECT 1 FROM photo WHERE thumbnail = ?1 LIMIT 1

-- name: photo_thumbnail_of
SELECT thumbnail FROM photo
WHERE sha256 = ?1 AND thumbnail IS NOT NULL LIMIT 1

-- name: photo_by_prefix
SELECT DISTINCT sha256 FROM photo
WHERE sha256 >= ?1 AND sha256 <= ?2 ORDER BY sha256 LIMIT 2

-- name: blobs_note_put
INSERT INTO blobs_note (position, note, receipt) VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING

-- name: photo_proof_put
INSERT INTO photo_proof (sha256, position, since_ms) VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING

-- name: photo_proof_since
UPDATE photo_proof SET since_ms = ?2 WHERE sha256 = ?1

-- name: photo_proof_get
SELECT f.position, f.since_ms, n.note, n.receipt
FROM photo_proof AS f JOIN blobs_note AS n ON n.position = f.position
WHERE f.sha256 = ?1

-- name: photo_proof_delete
DELETE FROM photo_proof WHERE sha256 = ?1

-- name: photo_proof_doubt
-- Of what was let go of, the proof is all that there is.
DELETE FROM photo_proof
WHERE sha256 NOT IN (SELECT sha256 FROM freed_photo)

-- name: upload_put
INSERT INTO upload (sha256, location, confirmed) VALUES (?1, ?2, ?3)
ON CONFLICT (sha256) DO UPDATE SET location = excluded.location,
                                   confirmed = excluded.confirmed

-- name: upload_get
SELECT location, confirmed FROM upload WHERE sha256 = ?1

-- name: upload_delete
DELETE FROM upload WHERE sha256 = ?1

-- name: freed_photo_add
INSERT INTO freed_photo (sha256) VALUES (?1) ON CONFLICT DO NOTHING

-- name: freed_photo_delete
DELETE FROM freed_photo WHERE sha256 = ?1

-- ---- registry and reference data ----

-- name: registry_newest
SELECT number, leaf, proven FROM registry_note ORDER BY number DESC LIMIT 1

-- name: registry_leaf
SELECT leaf FROM registry_note WHERE number = ?1

-- name: registry_clear
DELETE FROM registry_note

-- name: statement_clear
DELETE FROM statement

-- name: registry_list
SELECT number, note FROM registry_note ORDER BY number

-- name: registry_add
INSERT INTO registry_note (number, position, leaf, note, proven)
VALUES (?1, ?2, ?3, ?4, ?5)

-- name: statement_add
INSERT INTO statement (kind, subject, position, line, text)
VALUES (?1, ?2, ?3, ?4, ?5)

-- name: statement_find
SELECT text, position FROM statement
WHERE kind = ?1 AND subject = ?2 AND position < ?3
  AND (SELECT proven FROM registry_note ORDER BY number DESC LIMIT 1) = 1
ORDER BY position DESC, line DESC LIMIT 1

-- name: reference_count
SELECT count(*), coalesce(max(position), 0) FROM reference

-- name: reference_add
INSERT INTO reference (position, kind, edition, sha256, length)
VALUES (?1, ?2, ?3, ?4, ?5)

-- name: reference_list
SELECT r.position, r.kind, r.edition, r.sha256, r.length,
       EXISTS (SELECT 1 FROM reference_file AS f WHERE f.sha256 = r.sha256)
FROM reference AS r WHERE r.kind = ?1 AND r.position < ?2 ORDER BY r.position

-- name: reference_missing
-- Of kinds that are read in their newest edition, only that one. What a device
-- uses least and is largest comes last.
SELECT r.position, r.kind, r.edition, r.sha256, r.length, 0
FROM reference AS r
WHERE NOT EXISTS (SELECT 1 FROM reference_file AS f WHERE f.sha256 = r.sha256)
  AND (r.kind IN ('catalogue', 'calendar', 'territory', 'templates') OR
       r.position = (SELECT max(position) FROM reference WHERE kind = r.kind))
ORDER BY r.kind = 'boundaries', r.position DESC

-- name: reference_file_put
INSERT INTO reference_file (sha256, content) VALUES (?1, ?2)
ON CONFLICT DO NOTHING

-- name: reference_file_get
SELECT content FROM reference_file WHERE sha256 = ?1

-- ---- time notes ----

-- name: time_put
INSERT INTO time (position, ms) VALUES (?1, ?2)
ON CONFLICT (position) DO UPDATE SET ms = excluded.ms

-- name: time_below
SELECT ms FROM time WHERE position < ?1 ORDER BY position DESC LIMIT 1

-- name: time_from
SELECT ms FROM time WHERE position >= ?1 ORDER BY position LIMIT 1

-- ---- the log follows another ----

-- name: log_before_list
SELECT until, vkey, since_ms, batches, records, photos FROM log_before
ORDER BY until DESC

-- name: log_before_add
INSERT INTO log_before (until, vkey, note, since_ms, batches, records, photos)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: log_before_note
SELECT note FROM log_before WHERE until = ?1

-- name: batch_below
-- Receipts whose entries are in both logs, newest first.
SELECT b.id, b.batch, c.chain, b.last_hash, b.first, b.last, b.delivery,
       b.note, b.body, b.receipt, b.state, c.mine
FROM batch AS b JOIN chain AS c ON c.id = b.chain
WHERE b.position < ?1 AND b.receipt IS NOT NULL AND b.position < ?2
ORDER BY b.position DESC LIMIT 1

-- name: batch_lost
SELECT b.id, b.batch, c.chain, b.last_hash, b.first, b.last, b.delivery,
       b.note, b.body, b.receipt, b.state, c.mine
FROM batch AS b JOIN chain AS c ON c.id = b.chain
WHERE b.position >= ?1 AND b.receipt IS NOT NULL AND b.id > ?2
ORDER BY b.id LIMIT 1

-- name: registry_lost
SELECT number, note FROM registry_note WHERE position >= ?1 ORDER BY number

-- name: lose_batches
UPDATE batch SET delivery = ?2, state = NULL, receipt = NULL, position = NULL
WHERE position >= ?1

-- name: lose_others
-- What others recorded is not ours to send: it stays, by the old log's word.
UPDATE record SET position = NULL, told = 2
WHERE position >= ?1 AND batch IS NULL
  AND chain IN (SELECT id FROM chain WHERE mine = 0)

-- name: lose_own
-- Own ones are in their batches, or came back once and are sealed anew.
UPDATE record SET position = NULL WHERE position >= ?1

-- name: lose_anchors
-- An anchor beyond what is left does not count: the one before it does.
UPDATE record SET anchor_size = coalesce(
    (SELECT max(b.anchor_size) FROM record AS b
     WHERE b.chain = record.chain AND b.seq < record.seq
       AND b.anchor_size <= ?1
       AND (b.branch IS record.branch OR b.branch IS NULL)), 0)
WHERE anchor_size > ?1

-- name: lose_chain_anchors
UPDATE chain SET anchor_size = coalesce(
    (SELECT max(r.anchor_size) FROM record AS r WHERE r.chain = chain.id), 0)
WHERE anchor_size > ?1

-- name: lose_registry
DELETE FROM registry_note WHERE position >= ?1

-- name: lose_statements
DELETE FROM statement WHERE position >= ?1

-- name: lose_references
DELETE FROM reference WHERE position >= ?1

-- name: lose_times
DELETE FROM time WHERE position >= ?1

-- name: lose_freed
SELECT count(*) FROM photo_proof AS p JOIN freed_photo AS f USING (sha256)
WHERE p.position >= ?1

-- name: lose_proofs
DELETE FROM photo_proof WHERE position >= ?1

-- name: lose_blobs_notes
DELETE FROM blobs_note WHERE position >= ?1

-- name: lose_uploads
DELETE FROM upload

-- name: record_entities_all
SELECT DISTINCT entity FROM record WHERE kind NOT IN (1, 2)
