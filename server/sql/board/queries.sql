-- Statements of server/board*.c.

-- ---- what lists share ----
--
-- ?1..?2  unit_at from, to         ?13 kinds, a bit each; < 0: any
-- ?3..?4  category_at              ?14 statuses     ?15 urgencies
-- ?5..?6  holder_at                ?16 sources      ?17 lights, by xg_light
-- ?7..?8  within, by its home or   ?18 open         ?19 settled
--         the hands it was in      ?20 decide: 1 to be asked for, else 0
-- ?9..?10 created from, before     ?21 now
-- ?11     level, '': any, '-':      ?22..?24 text that is in it, '': any
--         none                     ?25 stages; 0 is a stage: none runs
-- ?12     number, '': any          ?26 holder alone: not who was called to it
--                                  ?27 kinds that are seen from below, too:
--                                      whoever asks looks at each

-- enum xg_light, as it stands now.
-- part: light
CASE WHEN l.open = 0 OR l.due_ms = 9223372036854775807 THEN 0
     WHEN l.due_ms < ?21 THEN 3
     WHEN l.yellow_ms <= ?21 THEN 2 ELSE 1 END

-- What stays, whichever way the rows were found. What is not asked for is not
-- looked at: a place or a time below 0 is any.
-- part: sifted
(?13 < 0 OR ?13 & (1 << l.kind))
    AND (?14 < 0 OR ?14 & (1 << l.status))
    AND (?18 = 0 OR l.open = 1) AND (?19 = 0 OR l.settled = 1)
    AND (?20 = 0 OR l.decide = 1)
    AND (?1 < 0 OR l.unit_at BETWEEN ?1 AND ?2)
    AND (?3 < 0 OR l.category_at BETWEEN ?3 AND ?4)
    AND (?5 < 0 OR l.holder_at BETWEEN ?5 AND ?6
         OR ?26 = 0 AND EXISTS (
            SELECT 1 FROM hand h WHERE h.number = l.number
            AND h.called = 1 AND h.at BETWEEN ?5 AND ?6))
    AND (?7 < 0 OR l.unit_at BETWEEN ?7 AND ?8
         OR ?27 & (1 << l.kind)
         OR EXISTS (SELECT 1 FROM hand h WHERE h.number = l.number
                    AND h.at BETWEEN ?7 AND ?8))
    AND (?15 < 0 OR ?15 & (1 << l.urgency))
    AND (?16 < 0 OR ?16 & (1 << l.source))
    AND (?9 < 0 OR l.created_ms >= ?9) AND (?10 < 0 OR l.created_ms < ?10)
    AND (?11 = '' OR l.level = iif(?11 = '-', '', ?11))
    AND (?25 < 0 OR ?25 & (1 << l.stage))
    AND (?12 = '' OR l.name = ?12 OR l.case_number = ?12)
    AND (?17 < 0 OR ?17 & (1 << @light@))
    AND (?22 = '' OR EXISTS (
        SELECT 1 FROM words w WHERE w.number = l.number
        AND instr(w.text, ?22) AND instr(w.text, ?23) AND instr(w.text, ?24)))

-- Rows by the index that leaves the fewest (enum board_way): ?28 is which, ?29
-- its number where it is a choice, ?30 the words for `pair`.
-- part: some
WITH some (number) AS (
    SELECT number FROM line INDEXED BY line_settled
    WHERE ?28 = 2 AND settled = 1
    UNION ALL
    SELECT number FROM line INDEXED BY line_decide WHERE ?28 = 3 AND decide = 1
    UNION ALL
    SELECT number FROM line INDEXED BY line_unit
    WHERE ?28 = 4 AND unit_at BETWEEN ?1 AND ?2
    UNION ALL
    SELECT number FROM line INDEXED BY line_category
    WHERE ?28 = 5 AND category_at BETWEEN ?3 AND ?4
    UNION ALL
    SELECT number FROM line INDEXED BY line_holder
    WHERE ?28 = 6 AND holder_at BETWEEN ?5 AND ?6
    UNION ALL
    SELECT DISTINCT h.number FROM hand h INDEXED BY hand_called
    CROSS JOIN line x ON x.number = h.number
    WHERE ?28 = 6 AND h.called = 1 AND h.at BETWEEN ?5 AND ?6
      AND x.holder_at NOT BETWEEN ?5 AND ?6
    UNION ALL
    SELECT number FROM line INDEXED BY line_unit
    WHERE ?28 = 7 AND unit_at BETWEEN ?7 AND ?8
    UNION ALL
    SELECT DISTINCT h.number FROM hand h INDEXED BY hand_at
    CROSS JOIN line x ON x.number = h.number
    WHERE ?28 = 7 AND h.at BETWEEN ?7 AND ?8
      AND x.unit_at NOT BETWEEN ?7 AND ?8
    UNION ALL
    SELECT number FROM line INDEXED BY line_created
    WHERE ?28 = 8 AND created_ms >= ?9
      AND created_ms < CASE WHEN ?10 < 0 THEN 9223372036854775807 ELSE ?10 END
    UNION ALL
    SELECT number FROM line INDEXED BY line_level
    WHERE ?28 = 9 AND level <> '' AND level = ?11
    UNION ALL
    SELECT number FROM line INDEXED BY line_name
    WHERE ?28 = 10 AND name <> '' AND name = ?12
    UNION ALL
    SELECT number FROM line INDEXED BY line_case_number
    WHERE ?28 = 10 AND case_number <> '' AND case_number = ?12
      AND name <> ?12
    UNION ALL
    SELECT rowid FROM pair WHERE ?28 = 11 AND pair MATCH ?30
    UNION ALL
    SELECT number FROM line INDEXED BY line_kind WHERE ?28 = 12 AND kind = ?29
    UNION ALL
    SELECT number FROM line INDEXED BY line_status
    WHERE ?28 = 13 AND status = ?29
    UNION ALL
    SELECT number FROM line INDEXED BY line_urgency
    WHERE ?28 = 14 AND urgency = ?29
    UNION ALL
    SELECT number FROM line INDEXED BY line_source
    WHERE ?28 = 15 AND source = ?29
)

-- part: columns
l.number, l.id, l.kind, l.status, @light@, l.lat_e7, l.lon_e7, l.category,
    l.urgency, l.unit, l.holder, l.level, l.source, l.created_ms, l.changed,
    l.due_ms, l.stage, l.since_ms, l.stage_ms, l.waits

-- Cases that are open, or received, filed or settled in ?1 to ?2, or of ?3.
-- part: figures_of_days
SELECT number FROM figure INDEXED BY figure_open WHERE open = 1
UNION ALL
SELECT number FROM figure INDEXED BY figure_received
WHERE received_ms >= ?1 AND received_ms < ?2
UNION ALL
SELECT number FROM figure INDEXED BY figure_filed
WHERE filed_ms >= ?1 AND filed_ms < ?2
UNION ALL
SELECT number FROM figure INDEXED BY figure_settled
WHERE settled_ms >= ?1 AND settled_ms < ?2
UNION ALL
SELECT value FROM json_each(?3)

-- Of so many rows which way goes: up to ?3 of them. Ranges; one number; none.
-- About how many there are: entities are numbered without gaps.
-- name: measure_all
SELECT coalesce(max(number), 0) FROM line;

-- name: measure_cases
SELECT count(*) FROM (SELECT 1 FROM line INDEXED BY line_case_changed
                      WHERE loops = 1 LIMIT ?1);

-- name: measure_open
SELECT count(*) FROM (SELECT 1 FROM line WHERE open = 1 LIMIT ?1);

-- name: measure_settled
SELECT count(*) FROM (SELECT 1 FROM line WHERE settled = 1 LIMIT ?1);

-- name: measure_decide
SELECT count(*) FROM (SELECT 1 FROM line WHERE decide = 1 LIMIT ?1);

-- name: measure_unit
SELECT count(*) FROM
    (SELECT 1 FROM line WHERE unit_at BETWEEN ?2 AND ?3 LIMIT ?1);

-- name: measure_category
SELECT count(*) FROM
    (SELECT 1 FROM line WHERE category_at BETWEEN ?2 AND ?3 LIMIT ?1);

-- name: measure_holder
SELECT (SELECT count(*) FROM
            (SELECT 1 FROM line WHERE holder_at BETWEEN ?2 AND ?3 LIMIT ?1))
     + (SELECT count(*) FROM (SELECT 1 FROM hand WHERE called = 1
                              AND at BETWEEN ?2 AND ?3 LIMIT ?1));

-- name: measure_within
SELECT (SELECT count(*) FROM
            (SELECT 1 FROM line WHERE unit_at BETWEEN ?2 AND ?3 LIMIT ?1))
     + (SELECT count(*) FROM
            (SELECT 1 FROM hand WHERE at BETWEEN ?2 AND ?3 LIMIT ?1));

-- name: measure_created
SELECT count(*) FROM
    (SELECT 1 FROM line WHERE created_ms >= ?2 AND created_ms < ?3 LIMIT ?1);

-- name: measure_level
SELECT count(*) FROM
    (SELECT 1 FROM line WHERE level <> '' AND level = ?2 LIMIT ?1);

-- name: measure_kind
SELECT count(*) FROM (SELECT 1 FROM line WHERE kind = ?2 LIMIT ?1);

-- name: measure_status
SELECT count(*) FROM (SELECT 1 FROM line WHERE status = ?2 LIMIT ?1);

-- name: measure_urgency
SELECT count(*) FROM (SELECT 1 FROM line WHERE urgency = ?2 LIMIT ?1);

-- name: measure_source
SELECT count(*) FROM (SELECT 1 FROM line WHERE source = ?2 LIMIT ?1);

-- name: measure_text
SELECT count(*) FROM (SELECT 1 FROM pair WHERE pair MATCH ?2 LIMIT ?1);

-- ---- lists: page by page, after the row of key ?28 and number ?29 ----

-- name: list_changed
SELECT @columns@ FROM line l INDEXED BY line_changed
WHERE (l.changed, l.number) < (?28, ?29) AND @sifted@
ORDER BY l.changed DESC, l.number DESC LIMIT ?30;

-- name: list_created
SELECT @columns@ FROM line l INDEXED BY line_created
WHERE (l.created_ms, l.number) < (?28, ?29) AND @sifted@
ORDER BY l.created_ms DESC, l.number DESC LIMIT ?30;

-- name: list_due
SELECT @columns@ FROM line l INDEXED BY line_due
WHERE l.due_ms >= ?28 AND (l.due_ms > ?28 OR l.number < ?29) AND @sifted@
ORDER BY l.due_ms, l.number DESC LIMIT ?30;

-- The same where only cases are asked for.
-- name: list_case_changed
SELECT @columns@ FROM line l INDEXED BY line_case_changed
WHERE l.loops = 1 AND (l.changed, l.number) < (?28, ?29) AND @sifted@
ORDER BY l.changed DESC, l.number DESC LIMIT ?30;

-- name: list_case_created
SELECT @columns@ FROM line l INDEXED BY line_case_created
WHERE l.loops = 1 AND (l.created_ms, l.number) < (?28, ?29) AND @sifted@
ORDER BY l.created_ms DESC, l.number DESC LIMIT ?30;

-- Over all that is open.
-- name: list_open_changed
SELECT @columns@ FROM line l INDEXED BY line_open
WHERE l.open = 1 AND (l.changed, l.number) < (?28, ?29) AND @sifted@
ORDER BY l.changed DESC, l.number DESC LIMIT ?30;

-- name: list_open_created
SELECT @columns@ FROM line l INDEXED BY line_open
WHERE l.open = 1 AND (l.created_ms, l.number) < (?28, ?29) AND @sifted@
ORDER BY l.created_ms DESC, l.number DESC LIMIT ?30;

-- name: list_open_due
SELECT @columns@ FROM line l INDEXED BY line_open
WHERE l.open = 1 AND l.due_ms >= ?28 AND (l.due_ms > ?28 OR l.number < ?29)
  AND @sifted@
ORDER BY l.due_ms, l.number DESC LIMIT ?30;

-- name: list_some_changed
@some@
SELECT @columns@ FROM some CROSS JOIN line l ON l.number = some.number
WHERE (l.changed, l.number) < (?31, ?32) AND @sifted@
ORDER BY l.changed DESC, l.number DESC LIMIT ?33;

-- name: list_some_created
@some@
SELECT @columns@ FROM some CROSS JOIN line l ON l.number = some.number
WHERE (l.created_ms, l.number) < (?31, ?32) AND @sifted@
ORDER BY l.created_ms DESC, l.number DESC LIMIT ?33;

-- name: list_some_due
@some@
SELECT @columns@ FROM some CROSS JOIN line l ON l.number = some.number
WHERE l.due_ms >= ?31 AND (l.due_ms > ?31 OR l.number < ?32) AND @sifted@
ORDER BY l.due_ms, l.number DESC LIMIT ?33;

-- name: count_some
@some@
SELECT count(*) FROM some CROSS JOIN line l ON l.number = some.number
WHERE @sifted@;

-- name: count_open
SELECT count(*) FROM line l INDEXED BY line_open
WHERE l.open = 1 AND @sifted@;

-- Where nothing leaves few: all rows, once.
-- name: count_all
SELECT count(*) FROM line l WHERE @sifted@;

-- name: counts_some
@some@
SELECT l.status, @light@, count(*), sum(l.decide)
FROM some CROSS JOIN line l ON l.number = some.number
WHERE @sifted@
GROUP BY 1, 2;

-- name: counts_open
SELECT l.status, @light@, count(*), sum(l.decide)
FROM line l INDEXED BY line_open WHERE l.open = 1 AND @sifted@
GROUP BY 1, 2;

-- name: counts_all
SELECT l.status, @light@, count(*), sum(l.decide)
FROM line l WHERE @sifted@
GROUP BY 1, 2;

-- name: line_find
SELECT number, changed, created_ms, due_ms FROM line WHERE id = ?1;

-- ---- how far it is ----

-- name: mark_get
SELECT number, bytes FROM mark WHERE name = ?1;

-- name: mark_put
INSERT INTO mark (name, number, bytes) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET number = excluded.number,
                                 bytes = excluded.bytes;

-- ---- what a person must look at ----

-- Of the sets ?1, numbers above ?2.
-- name: look_list
SELECT number FROM line INDEXED BY line_look
WHERE look <> 0 AND number > ?2 AND look & ?1 ORDER BY number LIMIT ?3;

-- ---- rows ----

-- name: line_put
INSERT INTO line (number, id, kind, status, open, settled, withdrawn, decide,
                  unit, unit_at, holder, holder_at, level, category,
                  category_at, urgency, source, name, case_number, lat_e7,
                  lon_e7, created_ms, changed, stage, due_ms, yellow_ms,
                  wake_ms, look, since_ms, stage_ms, loops, waits, title,
                  forked)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30,
        ?31, ?32, ?33, ?34)
ON CONFLICT (number) DO UPDATE SET
    id = excluded.id, kind = excluded.kind, status = excluded.status,
    open = excluded.open, settled = excluded.settled,
    withdrawn = excluded.withdrawn, decide = excluded.decide,
    unit = excluded.unit, unit_at = excluded.unit_at,
    holder = excluded.holder, holder_at = excluded.holder_at,
    level = excluded.level, category = excluded.category,
    category_at = excluded.category_at, urgency = excluded.urgency,
    source = excluded.source, name = excluded.name,
    case_number = excluded.case_number, lat_e7 = excluded.lat_e7,
    lon_e7 = excluded.lon_e7, created_ms = excluded.created_ms,
    changed = excluded.changed, stage = excluded.stage,
    due_ms = excluded.due_ms, yellow_ms = excluded.yellow_ms,
    wake_ms = excluded.wake_ms, look = excluded.look,
    since_ms = excluded.since_ms, stage_ms = excluded.stage_ms,
    loops = excluded.loops, waits = excluded.waits, title = excluded.title,
    forked = excluded.forked;

-- name: words_get
SELECT text FROM words WHERE number = ?1;

-- name: words_put
INSERT INTO words (number, text) VALUES (?1, ?2)
ON CONFLICT (number) DO UPDATE SET text = excluded.text;

-- name: pair_put
INSERT INTO pair (rowid, pairs) VALUES (?1, ?2);

-- name: pair_drop
INSERT INTO pair (pair, rowid, pairs) VALUES ('delete', ?1, ?2);

-- What was dropped is only marked until what the index consists of is merged.
-- name: pair_merge
INSERT INTO pair (pair) VALUES ('optimize');

-- name: course_put
INSERT INTO course (number, grouped) VALUES (?1, x'')
ON CONFLICT (number) DO NOTHING;

-- name: course_has
SELECT 1 FROM course WHERE number = ?1;

-- name: clock_drop
DELETE FROM clock WHERE number = ?1;

-- name: clock_put
INSERT INTO clock (number, place, stage, turn, start_ms, end_ms, due_ms,
                   plain_ms, late, unit_of, milli, paused_from, paused_left,
                   paused_ms, extended, guessed, provisional, unit, level)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        ?17, ?18, ?19);

-- name: hand_drop
DELETE FROM hand WHERE number = ?1;

-- name: hand_put
INSERT INTO hand (number, unit, at, called) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (number, unit) DO UPDATE SET called = max(called, excluded.called);

-- name: link_list
SELECT target FROM link WHERE number = ?1 ORDER BY target;

-- name: link_drop
DELETE FROM link WHERE number = ?1;

-- name: link_put
INSERT INTO link (number, target) VALUES (?1, ?2)
ON CONFLICT (number, target) DO NOTHING;

-- Whatever hangs with the id by one link, either way.
-- name: link_beside
SELECT k.target FROM line l CROSS JOIN link k ON k.number = l.number
WHERE l.id = ?1
UNION
SELECT l.id FROM link k CROSS JOIN line l ON l.number = k.number
WHERE k.target = ?1;

-- All that hang together with it, and what they are called.
-- name: group_list
SELECT l.id, c.grouped
FROM line o
CROSS JOIN course c ON c.number = o.number
CROSS JOIN course m INDEXED BY course_grouped ON m.grouped = c.grouped
CROSS JOIN line l ON l.number = m.number
WHERE o.id = ?1 AND c.grouped <> x'' AND m.grouped <> x''
ORDER BY l.id;

-- name: group_put
UPDATE course SET grouped = ?2
WHERE number = (SELECT number FROM line WHERE id = ?1) AND grouped <> ?2;

-- ---- what is to be reckoned again ----

-- name: wake_list
SELECT number FROM line INDEXED BY line_wake
WHERE wake_ms < 9223372036854775807 AND wake_ms <= ?1
ORDER BY wake_ms, number LIMIT ?2;

-- Of all rows, where they stand in the trees.
-- name: place_list
SELECT number, unit, unit_at, holder, holder_at, category, category_at
FROM line WHERE number > ?1 ORDER BY number LIMIT ?2;

-- name: place_put
UPDATE line SET unit_at = ?2, holder_at = ?3, category_at = ?4
WHERE number = ?1;

-- name: hand_list
SELECT number, unit, at FROM hand WHERE (number, unit) > (?1, ?2)
ORDER BY number, unit LIMIT ?3;

-- name: hand_place
UPDATE hand SET at = ?3 WHERE number = ?1 AND unit = ?2;

-- name: number_list
SELECT number FROM line WHERE number > ?1 ORDER BY number LIMIT ?2;

-- name: number_count
SELECT count(*) FROM (SELECT 1 FROM line WHERE number > ?1 LIMIT 10000);

-- ---- for who shows a row ----

-- name: clock_running
SELECT stage, turn, start_ms, due_ms, plain_ms, unit_of, milli, paused_from,
       paused_left, paused_ms, extended, guessed, provisional, unit, level
FROM clock WHERE number = ?1 AND end_ms IS NULL ORDER BY place;

-- ---- figures ----

-- name: figure_put
INSERT INTO figure (number, open, touched_ms, row, received_ms, filed_ms,
                    settled_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (number) DO UPDATE
SET open = excluded.open, touched_ms = excluded.touched_ms, row = excluded.row,
    received_ms = excluded.received_ms, filed_ms = excluded.filed_ms,
    settled_ms = excluded.settled_ms;

-- name: figure_drop
DELETE FROM figure WHERE number = ?1;

-- name: figure_get
SELECT row FROM figure WHERE number = ?1;

-- name: figure_list
SELECT number, row FROM figure
WHERE number IN (
    SELECT number FROM figure INDEXED BY figure_open WHERE open = 1
    UNION ALL
    SELECT number FROM figure INDEXED BY figure_touched WHERE touched_ms >= ?1)
ORDER BY number;

-- Cases that are or ever were in such hands.
-- name: figure_hands
SELECT DISTINCT h.number FROM hand h INDEXED BY hand_at
CROSS JOIN figure f ON f.number = h.number
WHERE h.at BETWEEN ?1 AND ?2 ORDER BY h.number;

-- All of each group of which one is listed above.
-- name: figure_groups
SELECT m.number, m.grouped FROM course m
WHERE m.grouped <> x'' AND m.grouped IN (
    SELECT c.grouped FROM course c INDEXED BY course_grouped
    CROSS JOIN figure f ON f.number = c.number
    WHERE c.grouped <> x'' AND (f.open = 1 OR f.touched_ms >= ?1))
ORDER BY m.number;

-- name: figure_days
SELECT number, row FROM figure WHERE number IN (@figures_of_days@)
ORDER BY number;

-- name: figure_day_groups
SELECT m.number, m.grouped FROM course m
WHERE m.grouped <> x'' AND m.grouped IN (
    SELECT c.grouped FROM course c
    WHERE c.number IN (@figures_of_days@) AND c.grouped <> x'')
ORDER BY m.number;

-- ---- when a case was overdue ----

-- name: late_drop
DELETE FROM late WHERE number = ?1;

-- name: late_put
INSERT INTO late (number, place, from_ms, to_ms, span, due_ms, status, holder)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- Of one span, those that began at ?2 or later, and hold ?3, which is ?4, too.
-- name: late_list
SELECT number, from_ms, to_ms, due_ms, status, holder
FROM late INDEXED BY late_span
WHERE span = ?1 AND from_ms >= ?2 AND from_ms <= ?4 AND to_ms > ?3;

-- name: late_spans
SELECT span FROM late INDEXED BY late_span WHERE span > ?1
ORDER BY span LIMIT 1;

-- name: forked_list
SELECT number, id FROM line INDEXED BY line_forked
WHERE forked = 1 AND changed >= ?1 ORDER BY changed, number LIMIT ?2;

-- The same of what somebody must decide.
-- name: forked_decide
SELECT number, id FROM line INDEXED BY line_decide
WHERE decide = 1 AND forked = 1 AND changed >= ?1
ORDER BY changed, number LIMIT ?2;

-- ---- patrols and visits ----

-- name: patrol_put
INSERT INTO patrol (number, worker, unit, start_ms, end_ms, until_ms, span,
                    came_ms, distance_mm, points, gaps, gap_ms, last_ms,
                    last_lat_e6, last_lon_e6)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15);

-- name: patrol_drop
DELETE FROM patrol WHERE number = ?1 RETURNING unit, worker, start_ms;

-- name: visit_put
INSERT INTO visit (number, worker, unit, ms, place, subject)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: visit_drop
DELETE FROM visit WHERE number = ?1 RETURNING unit, worker, ms;

-- name: listed_put
INSERT INTO listed (number, unit) VALUES (?1, ?2)
ON CONFLICT (number) DO UPDATE SET unit = excluded.unit;

-- name: listed_drop
DELETE FROM listed WHERE number = ?1;

-- What a worker did between two moments.
-- name: cover_patrols
SELECT distance_mm FROM patrol INDEXED BY patrol_worker
WHERE worker = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND unit = ?4;

-- name: cover_visits
SELECT place, subject FROM visit INDEXED BY visit_worker
WHERE worker = ?1 AND ms >= ?2 AND ms < ?3 AND unit = ?4;

-- name: cover_put
INSERT INTO cover (unit, day, worker, patrols, distance_mm, places, subjects)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (unit, day, worker) DO UPDATE
SET patrols = excluded.patrols, distance_mm = excluded.distance_mm,
    places = excluded.places, subjects = excluded.subjects;

-- name: cover_drop
DELETE FROM cover WHERE unit = ?1 AND day = ?2 AND worker = ?3;

-- name: cover_next
SELECT unit FROM cover WHERE unit > ?1 ORDER BY unit LIMIT 1;

-- name: cover_list
SELECT worker, patrols, distance_mm, places, subjects FROM cover
WHERE unit = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, worker;

-- Of one span, those that begin from ?2 on and before ?3, and touch ?4.
-- name: patrol_list
SELECT p.number, l.id, l.name, p.worker, p.unit, p.start_ms, p.end_ms,
       p.came_ms, p.distance_mm, p.points, p.gaps, p.gap_ms, p.last_ms,
       p.last_lat_e6, p.last_lon_e6
FROM patrol p INDEXED BY patrol_span CROSS JOIN line l ON l.number = p.number
WHERE p.span = ?1 AND p.start_ms >= ?2 AND p.start_ms < ?4 AND p.until_ms >= ?3;

-- name: patrol_spans
SELECT span FROM patrol INDEXED BY patrol_span WHERE span > ?1
ORDER BY span LIMIT 1;

-- name: visit_list
SELECT number, ms FROM visit INDEXED BY visit_worker
WHERE worker = ?1 AND (ms, number) > (?2, ?3) AND ms <= ?4
ORDER BY ms, number LIMIT ?5;

-- name: listed_count
SELECT unit, count(*) FROM listed INDEXED BY listed_unit GROUP BY unit
ORDER BY unit;

-- name: listed_find
SELECT s.unit FROM line l CROSS JOIN listed s ON s.number = l.number
WHERE l.id = ?1;

-- ---- what people did ----

-- name: report_put
INSERT INTO report (number, worker, valid) VALUES (?1, ?2, ?3)
ON CONFLICT (number) DO UPDATE
SET worker = excluded.worker, valid = excluded.valid;

-- name: report_drop
DELETE FROM report WHERE number = ?1;

-- name: flag_drop
DELETE FROM flag WHERE number = ?1;

-- name: flag_put
INSERT INTO flag (number, place, worker, flag, count, answered)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: act_drop
DELETE FROM act WHERE number = ?1;

-- name: act_put
INSERT INTO act (number, place, ms, move, record, author, sensitive)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: act_list
SELECT number, record, ms, move, sensitive, author FROM act INDEXED BY act_ms
WHERE ms >= ?1 AND ms < ?2 ORDER BY ms, number, place;

-- name: account_reports
SELECT count(*), coalesce(sum(valid), 0) FROM report INDEXED BY report_worker
WHERE worker = ?1;

-- name: account_visits
SELECT count(*) FROM visit INDEXED BY visit_worker WHERE worker = ?1;

-- name: account_patrols
SELECT distance_mm FROM patrol INDEXED BY patrol_worker WHERE worker = ?1;

-- name: account_flags
SELECT f.number, l.id, l.kind, l.name, f.flag, f.count, f.answered
FROM flag f INDEXED BY flag_worker CROSS JOIN line l ON l.number = f.number
WHERE f.worker = ?1 ORDER BY f.number DESC, f.place;

-- name: case_get
SELECT id, kind, status, unit, name, title FROM line WHERE number = ?1;

-- name: name_get
SELECT name FROM line WHERE number = ?1;
