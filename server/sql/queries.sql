-- Statements of server/store_sqlite*.c.

-- name: entry_add
INSERT INTO entry (position, note) VALUES (?1, ?2);

-- name: entry_list
SELECT note FROM entry WHERE position >= ?1 ORDER BY position LIMIT ?2;

-- name: block_put
INSERT INTO block (place, hashes) VALUES ((?1 << 48) | ?2, ?3)
ON CONFLICT (place) DO UPDATE SET hashes = excluded.hashes;

-- name: block_get
SELECT hashes FROM block WHERE place = (?1 << 48) | ?2;

-- name: log_put
INSERT OR IGNORE INTO log (first, vkey) VALUES (?1, ?2);

-- name: log_list
SELECT first, vkey FROM log ORDER BY first;

-- name: checkpoint_put
INSERT INTO checkpoint (id, size, note) VALUES (1, ?1, ?2)
ON CONFLICT (id) DO UPDATE SET size = excluded.size, note = excluded.note;

-- name: checkpoint_get
SELECT size, note FROM checkpoint WHERE id = 1;

-- name: time_add
INSERT INTO time (position, ms) VALUES (?1, ?2);

-- name: time_below
SELECT position, ms FROM time WHERE position < ?1
ORDER BY position DESC LIMIT 1;

-- name: time_from
SELECT position, ms FROM time WHERE position >= ?1 ORDER BY position LIMIT 1;

-- name: seen_add
INSERT INTO seen (position, size) VALUES (?1, ?2);

-- name: seen_below
SELECT position, size FROM seen WHERE position < ?1
ORDER BY position DESC LIMIT 1;

-- name: seen_over
SELECT position, size FROM seen WHERE size > ?1 ORDER BY size, position LIMIT 1;

-- name: drop_seen
DELETE FROM seen;

-- name: cosignature_put
INSERT INTO cosignature (device, ours, size, root, line)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (device, ours) DO UPDATE SET
    size = excluded.size, root = excluded.root, line = excluded.line
WHERE excluded.ours = 1 AND excluded.size > size;

-- name: cosignature_list
SELECT device, ours, size, root, line FROM cosignature
WHERE ours = ?1 AND (?2 = '' OR device = ?2) ORDER BY size DESC, device;

-- name: document_put
INSERT INTO document (name, content) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET content = excluded.content;

-- name: document_get
SELECT content FROM document WHERE name = ?1;

-- name: batch_add
INSERT INTO batch (position, id, chain, tree, first, last, state, device,
                   body_len)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: body_add
INSERT INTO body (position, body) VALUES (?1, ?2);

-- name: batch_find
SELECT position, id, chain, tree, first, last, state, device, body_len
FROM batch WHERE id = ?1;

-- name: body_put
UPDATE body SET body = ?2 WHERE position = ?1;

-- name: record_erase
UPDATE record SET fields = ?2 WHERE number = ?1;

-- name: photo_drop_record
DELETE FROM photo WHERE record = ?1;

-- name: source_drop_record
DELETE FROM source WHERE record = ?1;

-- name: erased_put
INSERT INTO erased (hash, act, entry, fields_hash, length)
VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash, act) DO NOTHING;

-- name: erased_of
SELECT hash, act, entry, fields_hash, length FROM erased
WHERE hash = ?1 ORDER BY act;

-- name: erased_all
SELECT hash, act, entry, fields_hash, length FROM erased ORDER BY hash, act;

-- name: erased_photo_put
INSERT INTO erased_photo (hash, entity) VALUES (?1, ?2)
ON CONFLICT (hash, entity) DO NOTHING;

-- name: erased_photo_all
SELECT hash, entity FROM erased_photo ORDER BY hash, entity;

-- name: erased_photo_find
SELECT 1 FROM erased_photo WHERE hash = ?1 LIMIT 1;

-- name: photo_elsewhere
-- Who names it, beside those whose acts erased it, and ?2. A record whose entity
-- is not known yet is somebody else's.
SELECT coalesce(e.id, zeroblob(16)) AS id
FROM photo p JOIN record r ON r.number = p.record
LEFT JOIN entity e ON e.number = r.entity
WHERE p.hash = ?1 AND id <> ?2
  AND NOT EXISTS (SELECT 1 FROM erased_photo x
                  WHERE x.hash = ?1 AND x.entity = id)
ORDER BY p.record LIMIT 1;

-- name: body_get
SELECT body FROM body WHERE position = ?1;

-- name: batch_state
UPDATE batch SET state = ?2 WHERE position = ?1;

-- name: batch_list
SELECT position, id, chain, tree, first, last, state, device, body_len
FROM batch WHERE position >= ?1 ORDER BY position LIMIT ?2;

-- name: batch_waiting
SELECT position, id, chain, tree, first, last, state, device, body_len
FROM batch
WHERE chain = ?1 AND state = 2 AND first >= ?2 AND first <= ?3
ORDER BY first, position;

-- name: batch_apart
SELECT position, id, chain, tree, first, last, state, device, body_len
FROM batch WHERE state = 4 AND position >= ?1 ORDER BY position LIMIT ?2;

-- name: batch_waiting_count
SELECT count(*) FROM batch WHERE device = ?1 AND state = 2;

-- name: chain_put
INSERT INTO chain (number, id, forked, device) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (number) DO UPDATE SET forked = excluded.forked;

-- name: chain_find
SELECT number, id, forked, device FROM chain WHERE id = ?1;

-- name: chain_get
SELECT number, id, forked, device FROM chain WHERE number = ?1;

-- name: chain_list
SELECT number, id, forked, device FROM chain ORDER BY number;

-- name: chain_of_device
SELECT number, id, forked, device FROM chain WHERE device = ?1 ORDER BY number;

-- name: branch_put
INSERT INTO branch (number, chain, parent, id, start, next, last, anchor_size)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (number) DO UPDATE SET parent = excluded.parent,
    next = excluded.next, last = excluded.last,
    anchor_size = excluded.anchor_size;

-- name: branch_of_chain
SELECT number, chain, parent, id, start, next, last, anchor_size
FROM branch WHERE chain = ?1 ORDER BY number;

-- name: record_add
INSERT INTO record (number, chain, branch, seq, entity, creates, position,
                    shown, anchor_size, bad_anchor, hash, previous, head,
                    fields)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);

-- name: record_move
UPDATE record SET branch = ?3
WHERE number IN (SELECT r.number FROM record r
                 JOIN branch b ON b.number = ?1
                 WHERE r.chain = b.chain AND r.seq >= ?2 AND r.branch = ?1);

-- name: name_add
INSERT INTO name_fresh (name, record) VALUES (?1, ?2)
ON CONFLICT DO NOTHING;

-- One of those whose names lie apart; they are of one 2^12.
-- name: name_fresh_one
SELECT record FROM name_fresh LIMIT 1;

-- name: name_settle
INSERT INTO name (run, name, record)
SELECT record >> 15, name, record FROM name_fresh WHERE true ORDER BY name
ON CONFLICT DO NOTHING;

-- How many runs there are, and of which are the names that lie apart (-1: none do).
-- name: name_runs
WITH fresh (run) AS (
    SELECT coalesce((SELECT record >> 15 FROM name_fresh LIMIT 1), -1)
)
SELECT max(coalesce((SELECT max(run) FROM name), -1), run) + 1, run FROM fresh;

-- name: name_find
SELECT record FROM name WHERE run = ?1 AND name = ?2;

-- name: name_find_fresh
SELECT record FROM name_fresh WHERE name = ?1;

-- name: name_list
SELECT name FROM name WHERE run = ?1
UNION ALL
SELECT name FROM name_fresh WHERE record >> 15 = ?1;

-- name: name_missing
SELECT r.number FROM record r
WHERE NOT EXISTS (SELECT 1 FROM name n
                  WHERE n.run = r.number >> 15 AND n.name = substr(r.hash, 1, 16))
  AND NOT EXISTS (SELECT 1 FROM name_fresh n WHERE n.name = substr(r.hash, 1, 16))
ORDER BY r.number LIMIT 1;

-- name: written_elsewhere
PRAGMA data_version;

-- name: record_get
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields, e.id, e.kind, e.unit, e.handed
FROM record r LEFT JOIN entity e ON e.number = r.entity
WHERE r.number = ?1;

-- name: record_hash
SELECT hash FROM record WHERE number = ?1;

-- name: record_place
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields, e.id, e.kind, e.unit, e.handed
FROM record r LEFT JOIN entity e ON e.number = r.entity
WHERE r.chain = ?1 AND r.seq = ?2 ORDER BY r.number;

-- name: record_branch
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields, e.id, e.kind, e.unit, e.handed
FROM branch b JOIN record r ON r.chain = b.chain
LEFT JOIN entity e ON e.number = r.entity
WHERE b.number = ?1 AND r.branch = ?1 AND r.seq >= ?2
ORDER BY r.seq LIMIT ?3;

-- name: record_entity
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields
FROM record r WHERE r.creates <> 1 AND r.entity = ?1
UNION ALL
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields
FROM entity e JOIN record r ON r.number = e.creator
WHERE e.number = ?1 AND r.creates = 1
ORDER BY 1;

-- name: record_entity_range
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields, e.id, e.kind, e.unit, e.handed
FROM record r JOIN entity e ON e.number = r.entity
WHERE r.creates <> 1 AND r.entity = ?1 AND r.number >= ?2 AND r.number <= ?3
UNION ALL
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields, e.id, e.kind, e.unit, e.handed
FROM entity e JOIN record r ON r.number = e.creator
WHERE e.number = ?1 AND r.creates = 1 AND r.number >= ?2 AND r.number <= ?3
ORDER BY 1 LIMIT ?4;

-- name: record_range
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields, e.id, e.kind, e.unit, e.handed
FROM record r LEFT JOIN entity e ON e.number = r.entity
WHERE r.number >= ?1 AND r.number <= ?2 ORDER BY r.number LIMIT ?3;

-- name: record_bare
SELECT r.number, r.chain, r.branch, r.seq, r.entity, r.creates, r.position,
       r.shown, r.anchor_size, r.bad_anchor, r.hash, r.previous, r.head,
       r.fields
FROM record r WHERE r.entity = 0 AND r.number > ?1
ORDER BY r.number LIMIT ?2;

-- An entity is added; else what mostly changes of one is put; else all of it. Columns
-- that are named after SET are written to each index that they are in, a page far
-- from the others, also where they stay as they are.
-- name: entity_add
INSERT INTO entity (number, id, kind, creator, unit, author, records,
                    conflicts, changed, withdrawn, status, open, case_number,
                    links, state, handed, folded)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
        ?16, ?17)
ON CONFLICT (number) DO NOTHING;

-- name: entity_touch
UPDATE entity SET kind = ?3, unit = ?5, author = ?6, records = ?7,
    changed = ?9, withdrawn = ?10, status = ?11, state = ?15, handed = ?16
WHERE number = ?1 AND id = ?2 AND creator = ?4 AND conflicts = ?8
  AND open = ?12 AND case_number = ?13 AND links = ?14 AND folded = ?17;

-- name: entity_put
UPDATE entity SET kind = ?3, creator = ?4, unit = ?5, author = ?6,
    records = ?7, conflicts = ?8, changed = ?9, withdrawn = ?10, status = ?11,
    open = ?12, case_number = ?13, links = ?14, state = ?15, handed = ?16,
    folded = ?17
WHERE number = ?1 AND id = ?2;

-- name: entity_orphan
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links, state,
       handed, folded
FROM entity WHERE creator = 0 AND id = ?1;

-- name: entity_created
SELECT e.number, e.id, e.kind, e.creator, e.unit, e.author, e.records,
       e.conflicts, e.changed, e.withdrawn, e.status, e.open, e.case_number,
       e.links, e.state, e.handed, e.folded
FROM record r JOIN entity e ON e.number = r.entity
WHERE r.number = ?1 AND r.creates > 0;

-- name: entity_get
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links, state,
       handed, folded
FROM entity WHERE number = ?1;

-- name: entity_list
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links,
       CASE ?7 WHEN 0 THEN state ELSE x'' END,
       handed, folded
FROM entity
WHERE number < ?1 AND (?2 = 0 OR kind = ?2) AND (?3 = 0 OR unit = ?4)
  AND (?5 = 0 OR kind <> ?5)
ORDER BY number DESC LIMIT ?6;

-- name: entity_list_conflicts
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links,
       CASE ?7 WHEN 0 THEN state ELSE x'' END,
       handed, folded
FROM entity
WHERE (conflicts > 0 OR folded = 0) AND number < ?1 AND (?2 = 0 OR kind = ?2)
  AND (?3 = 0 OR unit = ?4) AND (?5 = 0 OR kind <> ?5)
ORDER BY number DESC LIMIT ?6;

-- name: entity_list_open
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links,
       CASE ?7 WHEN 0 THEN state ELSE x'' END,
       handed, folded
FROM entity
WHERE open = 1 AND number < ?1 AND (?2 = 0 OR kind = ?2)
  AND (?3 = 0 OR unit = ?4) AND (?5 = 0 OR kind <> ?5)
ORDER BY number DESC LIMIT ?6;

-- name: entity_list_linked
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links,
       CASE ?7 WHEN 0 THEN state ELSE x'' END,
       handed, folded
FROM entity
WHERE links > 0 AND number < ?1 AND (?2 = 0 OR kind = ?2)
  AND (?3 = 0 OR unit = ?4) AND (?5 = 0 OR kind <> ?5)
ORDER BY number DESC LIMIT ?6;

-- name: entity_changed
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links, x'', handed, folded
FROM entity
WHERE (changed, number) > (?1, ?2)
ORDER BY changed, number LIMIT ?3;

-- name: entity_changed_count
SELECT count(*) FROM (SELECT 1 FROM entity
                      WHERE (changed, number) > (?1, ?2) LIMIT 10000);

-- name: entity_numbered
SELECT number, id, kind, creator, unit, author, records, conflicts, changed,
       withdrawn, status, open, case_number, links, state,
       handed, folded
FROM entity WHERE case_number <> '' AND case_number = ?1
ORDER BY number LIMIT ?2;

-- name: entity_named
WITH RECURSIVE run (number) AS (
    SELECT max(run) FROM name
    UNION ALL SELECT number - 1 FROM run WHERE number > 0
), found (number) AS (
    SELECT r.entity
    FROM run
    CROSS JOIN name n ON n.run = run.number AND n.name >= ?1 AND n.name <= ?2
    JOIN record r ON r.number = n.record AND r.creates > 0
    UNION
    SELECT r.entity
    FROM name_fresh n
    JOIN record r ON r.number = n.record AND r.creates > 0
    WHERE n.name >= ?1 AND n.name <= ?2
    UNION
    SELECT number FROM entity WHERE creator = 0 AND id >= ?1 AND id <= ?2
)
SELECT e.number, e.id, e.kind, e.creator, e.unit, e.author, e.records,
       e.conflicts, e.changed, e.withdrawn, e.status, e.open, e.case_number,
       e.links, e.state, e.handed, e.folded
FROM found JOIN entity e ON e.number = found.number
ORDER BY e.id LIMIT ?3;

-- name: scope_put
INSERT INTO scope (key, shown, first, last, more) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (key, shown) DO UPDATE SET first = min(first, excluded.first),
    last = max(last, excluded.last), more = more | excluded.more;

-- name: scope_list
SELECT shown, first, last, more FROM scope
WHERE key = ?1 AND shown >= ?2 AND shown < ?3 ORDER BY shown LIMIT ?4;

-- name: scope_all
SELECT key, shown, first, last, more FROM scope ORDER BY key, shown;

-- name: hand_put
INSERT INTO hand (entity, first, unit, last, since, until)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (entity, first, unit) DO UPDATE SET last = excluded.last,
    until = excluded.until;

-- name: hand_list
SELECT entity, first, unit, last, since, until FROM hand
WHERE entity = ?1 ORDER BY first, unit;

-- name: hand_of_unit
SELECT h.entity, h.first, h.unit, h.last, h.since, h.until, e.id, e.kind,
       e.unit, e.handed
FROM hand h JOIN entity e ON e.number = h.entity
WHERE h.unit = ?1 AND (h.entity, h.first) > (?2, ?3)
ORDER BY h.entity, h.first LIMIT ?4;

-- name: hand_all
SELECT unit, entity, first, last, since, until FROM hand
ORDER BY entity, first, unit;

-- name: passing_put
INSERT INTO passing (unit, shown, entity, first, last, hand)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (unit, shown, entity, first) DO UPDATE SET last = excluded.last,
    hand = excluded.hand;

-- name: passing_list
SELECT p.shown, p.entity, p.first, p.last, p.hand, e.id, e.kind, e.unit,
       e.handed
FROM passing p JOIN entity e ON e.number = p.entity
WHERE p.unit = ?1 AND p.shown = ?2 ORDER BY p.entity, p.first;

-- name: passing_all
SELECT unit, shown, entity, first, last, hand FROM passing
ORDER BY unit, shown, entity, first;

-- name: moved_put
INSERT INTO moved (key, shown, branch, first, last)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (key, shown, branch) DO UPDATE SET
    first = min(first, excluded.first), last = max(last, excluded.last);

-- name: moved_list
SELECT m.shown, m.branch, m.first, m.last, b.chain
FROM moved m JOIN branch b ON b.number = m.branch
WHERE m.key = ?1 AND m.shown = ?2 ORDER BY m.branch;

-- name: moved_all
SELECT key, shown, branch, first, last FROM moved
ORDER BY key, shown, branch;

-- name: telling_put
INSERT INTO telling (id, shown, bytes) VALUES (1, ?1, ?2)
ON CONFLICT (id) DO UPDATE SET shown = excluded.shown, bytes = excluded.bytes;

-- name: telling_get
SELECT shown, bytes FROM telling WHERE id = 1;

-- name: telling_all
SELECT '', shown, bytes FROM telling;

-- name: drop_chain
DELETE FROM chain;

-- name: drop_branch
DELETE FROM branch;

-- name: drop_record
DELETE FROM record;

-- name: drop_name
DELETE FROM name;

-- name: drop_name_fresh
DELETE FROM name_fresh;

-- name: drop_entity
DELETE FROM entity;

-- name: drop_scope
DELETE FROM scope;

-- name: drop_time
DELETE FROM time;

-- name: drop_hand
DELETE FROM hand;

-- name: drop_passing
DELETE FROM passing;

-- name: drop_moved
DELETE FROM moved;

-- name: drop_telling
DELETE FROM telling;

-- name: photo_put
INSERT INTO photo (hash, record, length, thumbnail) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (hash, record) DO UPDATE SET
    thumbnail = min(thumbnail, excluded.thumbnail);

-- name: photo_list
SELECT hash, record, length, thumbnail FROM photo
WHERE (hash, record) > (?1, ?2) ORDER BY hash, record LIMIT ?3;

-- name: photo_newest
SELECT hash, record, length, thumbnail FROM photo
WHERE hash = ?1 AND record < ?2 ORDER BY record DESC LIMIT ?3;

-- name: photo_counts
SELECT coalesce(max(number), 0),
       coalesce((SELECT bytes FROM held ORDER BY number DESC LIMIT 1), 0),
       (SELECT count(DISTINCT hash) FROM wanted)
FROM held;

-- name: drop_photo
DELETE FROM photo;

-- name: source_put
INSERT INTO source (text, record) VALUES (?1, ?2)
ON CONFLICT (text, record) DO NOTHING;

-- name: source_of
SELECT record FROM source WHERE text = ?1 AND record > ?2
ORDER BY record LIMIT 1;

-- name: source_all
SELECT text, record FROM source ORDER BY text, record;

-- name: drop_source
DELETE FROM source;

-- name: held_put
INSERT INTO held (number, hash, length, position, bytes)
SELECT coalesce(max(number), 0) + 1, ?1, ?2, ?3,
       ?2 + coalesce((SELECT bytes FROM held ORDER BY number DESC LIMIT 1), 0)
FROM held WHERE true
ON CONFLICT (hash) DO NOTHING;

-- name: held_find
SELECT number, hash, length, position FROM held WHERE hash = ?1;

-- name: held_list
SELECT number, hash, length, position FROM held
WHERE number > ?1 ORDER BY number LIMIT ?2;

-- name: drop_held
DELETE FROM held;

-- name: wanted_put
INSERT INTO wanted (hash, length, entity, device, since_ms)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (hash, device) DO NOTHING;

-- name: wanted_drop
DELETE FROM wanted WHERE hash = ?1;

-- name: wanted_find
SELECT number, hash, length, entity, device, since_ms FROM wanted
WHERE hash = ?1 ORDER BY number LIMIT 1;

-- name: wanted_list
SELECT number, hash, length, entity, device, since_ms FROM wanted
WHERE number > ?1 ORDER BY number LIMIT ?2;

-- name: wanted_of_device
SELECT number, hash, length, entity, device, since_ms FROM wanted
WHERE number > ?1 AND device = ?3 ORDER BY number LIMIT ?2;

-- name: counts
SELECT (SELECT coalesce(max(number), 0) FROM chain),
       (SELECT coalesce(max(number), 0) FROM branch),
       (SELECT coalesce(max(number), 0) FROM record),
       (SELECT coalesce(max(number), 0) FROM entity),
       (SELECT coalesce(max(number), 0) FROM device),
       (SELECT coalesce(max(number), 0) FROM registry_note);

-- name: registry_note_add
INSERT INTO registry_note (number, position, leaf) VALUES (?1, ?2, ?3);

-- name: registry_note_list
SELECT number, position, leaf FROM registry_note
WHERE number > ?1 ORDER BY number LIMIT ?2;

-- name: statement_add
INSERT INTO statement (kind, subject, position, line, text)
VALUES (?1, ?2, ?3, ?4, ?5);

-- name: statement_find
SELECT position, line, text, kind FROM statement
WHERE kind = ?1 AND subject = ?2 AND position < ?3
ORDER BY position DESC, line DESC LIMIT 1;

-- name: statement_list
-- The lines: 10 is XG_SAYS_SHARED, which is none.
SELECT position, line, text, kind FROM statement
WHERE (position > ?1 OR (position = ?1 AND line >= ?2)) AND kind <> 10
ORDER BY position, line LIMIT ?3;

-- name: waiting_add
INSERT INTO waiting (number, text)
VALUES (1 + max((SELECT coalesce(max(number), 0) FROM waiting),
                (SELECT coalesce(max(through), 0) FROM request)), ?1);

-- name: waiting_list
SELECT number, text FROM waiting ORDER BY number;

-- name: waiting_delete
DELETE FROM waiting WHERE number = ?1;

-- name: request_add
INSERT INTO request (through, covers, file) VALUES (?1, ?2, ?3);

-- name: request_list
SELECT through, covers, file FROM request ORDER BY number;

-- name: request_clear
DELETE FROM request;

-- name: person_put
INSERT INTO person (code, name) VALUES (?1, ?2)
ON CONFLICT (code) DO UPDATE SET name = excluded.name;

-- name: person_get
SELECT name FROM person WHERE code = ?1;

-- name: operator_key_put
INSERT INTO operator_key (code, wrapped) VALUES (?1, ?2)
ON CONFLICT (code) DO UPDATE SET wrapped = excluded.wrapped;

-- name: operator_key_get
SELECT wrapped FROM operator_key WHERE code = ?1;

-- name: operator_key_drop
DELETE FROM operator_key WHERE code = ?1;

-- name: operator_put
INSERT OR REPLACE INTO operator (code, once, once_until_ms, totp, totp_begun,
    totp_step, login_ms, locked, why, turn, given, given_by, given_ms, given_why, used_ms,
    asked_by, asked_ms, asked_why, consent)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
    ?17, ?18, ?19);

-- name: operator_get
SELECT code, once, once_until_ms, totp, totp_begun, totp_step, login_ms,
    locked, why, turn, given, given_by, given_ms, given_why, used_ms,
    asked_by, asked_ms, asked_why, consent
FROM operator WHERE code = ?1;

-- name: operator_once
SELECT code, once, once_until_ms, totp, totp_begun, totp_step, login_ms,
    locked, why, turn, given, given_by, given_ms, given_why, used_ms,
    asked_by, asked_ms, asked_why, consent
FROM operator WHERE once = ?1 AND once <> zeroblob(32);

-- name: operator_list
SELECT code, once, once_until_ms, totp, totp_begun, totp_step, login_ms,
    locked, why, turn, given, given_by, given_ms, given_why, used_ms,
    asked_by, asked_ms, asked_why, consent
FROM operator ORDER BY code;

-- name: operator_given_put
INSERT OR IGNORE INTO operator_given (record, code, given_by, why, given_ms,
    used_ms)
VALUES (?1, ?2, ?3, ?4, ?5, 0);

-- name: operator_given_used
UPDATE operator_given SET used_ms = ?2 WHERE code = ?1 AND used_ms = 0;

-- name: operator_given_list
SELECT record, code, given_by, why, given_ms, used_ms FROM operator_given
WHERE code = ?1 ORDER BY given_ms, record;

-- name: wrong_try_put
INSERT OR REPLACE INTO wrong_try (what, count, last_ms) VALUES (?1, ?2, ?3);

-- name: wrong_try_get
SELECT count, last_ms FROM wrong_try WHERE what = ?1;

-- name: wrong_try_drop
DELETE FROM wrong_try WHERE what = ?1;

-- name: wrong_try_forget
DELETE FROM wrong_try WHERE last_ms < ?1;

-- name: act_put
INSERT INTO act (author, key, asked, done_ms, record, entity, contact, kind,
    move, status, conflicts, missing, number)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: act_get
SELECT asked, done_ms, record, entity, contact, kind, move, status, conflicts,
    missing, number
FROM act WHERE author = ?1 AND key = ?2;

-- By a hash of words they can be guessed: it goes with those of the records that
-- were made of them. The first of a contact has its id at the head of its hash.
-- name: act_erase
UPDATE act SET asked = zeroblob(32)
WHERE asked <> zeroblob(32)
  AND (EXISTS (SELECT 1 FROM erased WHERE hash = act.record)
    OR (SELECT substr(hash, 1, 16) FROM erased WHERE hash >= act.contact
        ORDER BY hash LIMIT 1) = act.contact);

-- name: act_forget
DELETE FROM act WHERE done_ms < ?1;

-- name: device_put
INSERT INTO device (name, key, worker, state) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE SET key = excluded.key, worker = excluded.worker,
    state = excluded.state;

-- name: device_find
SELECT name, key, worker, state FROM device WHERE name = ?1;

-- name: device_list
SELECT name, key, worker, state FROM device ORDER BY number;

-- name: code_put
INSERT INTO code (id, secret, worker, expires_ms, used, key, device)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, used = excluded.used,
    key = excluded.key, device = excluded.device;

-- name: code_find
SELECT id, secret, worker, expires_ms, used, key, device FROM code
WHERE id = ?1;

-- name: file_put
INSERT INTO file (hash, content) VALUES (?1, ?2) ON CONFLICT DO NOTHING;

-- name: file_get
SELECT content FROM file WHERE hash = ?1;

-- name: reference_add
INSERT INTO reference (position, kind, edition, hash, length)
VALUES (?1, ?2, ?3, ?4, ?5);

-- name: reference_list
SELECT position, kind, edition, hash, length FROM reference ORDER BY position;

-- name: reference_count
SELECT count(*) FROM reference WHERE position < ?1;

-- name: value_put
INSERT INTO value (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: value_get
SELECT value FROM value WHERE name = ?1;

-- name: backup
VACUUM INTO ?1;
