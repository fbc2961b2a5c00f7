-- board.db: what server/board.h says. All of it is derived from the store, row
-- by row a pure function of the entity, of what is imported, and of which links
-- there are: made anew it is the same.
--
-- Times are Unix milliseconds of server time, clamped by what the log proves
-- (shared/core/deadline.h). Texts that are not known are ''.

-- How far it has come, and by which files it was reckoned.
CREATE TABLE mark (
    name   TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    bytes  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row an entity, of every kind: what lists are filtered and ordered by.
CREATE TABLE line (
    number      INTEGER PRIMARY KEY,  -- of the entity, in the store
    id          BLOB NOT NULL UNIQUE,
    kind        INTEGER NOT NULL,     -- 0: not known
    loops       INTEGER NOT NULL,     -- of a kind that goes through the loop: a
                                      -- case; of ten rows perhaps one is
    status      INTEGER NOT NULL,     -- of the loop, 0: none
    open        INTEGER NOT NULL,     -- has a status, and still needs somebody
    settled     INTEGER NOT NULL,     -- has a final one
    withdrawn   INTEGER NOT NULL,
    decide      INTEGER NOT NULL,     -- conflicts, or outgrew a fold
    unit        TEXT NOT NULL,        -- its home
    unit_at     INTEGER NOT NULL,     -- where in the tree: board_tree.h
    holder      TEXT NOT NULL,        -- who has it: `unit` of the case, else home
    holder_at   INTEGER NOT NULL,
    level       TEXT NOT NULL,
    category    TEXT NOT NULL,
    category_at INTEGER NOT NULL,
    urgency     INTEGER NOT NULL,     -- choices by number, 0: none
    source      INTEGER NOT NULL,     -- of `channel`
    name        TEXT NOT NULL,        -- the human number
    case_number TEXT NOT NULL,
    lat_e7      INTEGER,
    lon_e7      INTEGER,
    created_ms  INTEGER NOT NULL,     -- received; 0: its first record is missing
    changed     INTEGER NOT NULL,     -- log position
    stage       INTEGER NOT NULL,     -- whose clock matters most, 0: none runs
    due_ms      INTEGER NOT NULL,     -- of that clock; 2^63-1: none runs to it
    yellow_ms   INTEGER NOT NULL,     -- when it turns yellow
    wake_ms     INTEGER NOT NULL,     -- when to reckon again though nothing
                                      -- changes (a pause ends); 2^63-1: never
    look        INTEGER NOT NULL,     -- what a person must look at: a set of
                                      -- 1 << enum attention_what
    since_ms    INTEGER NOT NULL,     -- since when who has it does, at this
                                      -- level; 0: it is not open
    stage_ms    INTEGER NOT NULL,     -- when that clock began; 0: none runs
    waits       INTEGER NOT NULL,     -- for whom, as a set: view_waits_set()
    title       TEXT NOT NULL,        -- of a case, without personal fields
    forked      INTEGER NOT NULL      -- of a case: what was decided may ever
                                      -- have stood against each other
) STRICT;

CREATE INDEX line_changed ON line (changed, number);
CREATE INDEX line_created ON line (created_ms, number);
CREATE INDEX line_case_changed ON line (loops, changed, number)
WHERE loops = 1;
CREATE INDEX line_case_created ON line (loops, created_ms, number)
WHERE loops = 1;
CREATE INDEX line_due ON line (due_ms, number DESC);
-- Of what is open, all that a list shows or sifts by: some thousand rows that lie
-- far from each other among those of history, and are asked for all day.
CREATE INDEX line_open ON line (number, open, settled, decide, kind, status,
    unit_at, category_at, holder_at, urgency, source, created_ms, changed,
    due_ms, yellow_ms, level, name, case_number, id, lat_e7, lon_e7, category,
    unit, holder, stage, since_ms, stage_ms, waits)
    WHERE open = 1;
CREATE INDEX line_settled ON line (settled) WHERE settled = 1;
CREATE INDEX line_decide ON line (decide) WHERE decide = 1;
CREATE INDEX line_look ON line (number, look) WHERE look <> 0;
CREATE INDEX line_unit ON line (unit_at);
CREATE INDEX line_holder ON line (holder_at);
CREATE INDEX line_level ON line (level) WHERE level <> '';
CREATE INDEX line_category ON line (category_at);
CREATE INDEX line_kind ON line (kind);
CREATE INDEX line_status ON line (status);
CREATE INDEX line_urgency ON line (urgency);
CREATE INDEX line_source ON line (source);
CREATE INDEX line_name ON line (name) WHERE name <> '';
CREATE INDEX line_case_number ON line (case_number) WHERE case_number <> '';
CREATE INDEX line_forked ON line (changed, number) WHERE forked = 1;
CREATE INDEX line_wake ON line (wake_ms) WHERE wake_ms < 9223372036854775807;

-- Units that it was ever put into the hands of, beside its home. `called`: a
-- whistle calls it now.
CREATE TABLE hand (
    number INTEGER NOT NULL,
    unit   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    called INTEGER NOT NULL,
    PRIMARY KEY (number, unit)
) STRICT, WITHOUT ROWID;

CREATE INDEX hand_at ON hand (at, number);
CREATE INDEX hand_called ON hand (at, number) WHERE called = 1;

-- What is searched, without personal fields, in small letters; and its pairs and
-- threes of characters, each as hexadecimal digits, five a character: two are a
-- word of Chinese. What they find is compared with the text.
CREATE TABLE words (
    number INTEGER PRIMARY KEY,
    text   TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE pair USING fts5 (
    pairs, content = '', detail = none, columnsize = 0, tokenize = 'ascii'
);

-- Cases.
CREATE TABLE course (
    number  INTEGER PRIMARY KEY,
    grouped BLOB NOT NULL           -- the least id of those that links hold
                                    -- together with it; empty: it is alone
) STRICT;

CREATE INDEX course_grouped ON course (grouped) WHERE grouped <> x'';

-- Clocks in the order in which they began (struct xg_clock).
CREATE TABLE clock (
    number      INTEGER NOT NULL,
    place       INTEGER NOT NULL,   -- from 0
    stage       INTEGER NOT NULL,
    turn        INTEGER NOT NULL,
    start_ms    INTEGER NOT NULL,
    end_ms      INTEGER,            -- NULL: it runs
    due_ms      INTEGER,            -- NULL: no limit, or paused
    plain_ms    INTEGER,            -- due without pauses and extensions
    late        INTEGER,            -- it ended after its due: 1, else 0;
                                    -- NULL: it runs, or has no limit
    unit_of     INTEGER NOT NULL,   -- enum xg_limit_unit; 0: no limit
    milli       INTEGER NOT NULL,   -- thousandths of that
    paused_from INTEGER,            -- it stands still since; NULL: it does not
    paused_left INTEGER NOT NULL,
    paused_ms   INTEGER NOT NULL,   -- that it stood still before
    extended    INTEGER NOT NULL,
    guessed     INTEGER NOT NULL,
    provisional INTEGER NOT NULL,
    unit        TEXT NOT NULL,      -- who held it
    level       TEXT NOT NULL,
    PRIMARY KEY (number, place)
) STRICT, WITHOUT ROWID;

-- `number` says that it is the same as the entity of that id.
CREATE TABLE link (
    number INTEGER NOT NULL,
    target BLOB NOT NULL,
    PRIMARY KEY (number, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_target ON link (target);

-- What figures read of a case that they count (server/report_case.h, as bytes);
-- empty where it could not be folded. `open` also then.
CREATE TABLE figure (
    number     INTEGER PRIMARY KEY,
    open       INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL,
    received_ms INTEGER,            -- of the row; NULL: it was not
    filed_ms   INTEGER,
    settled_ms INTEGER,
    row        BLOB NOT NULL
) STRICT;

CREATE INDEX figure_open ON figure (number) WHERE open = 1;
CREATE INDEX figure_touched ON figure (touched_ms);
CREATE INDEX figure_received ON figure (received_ms);
CREATE INDEX figure_filed ON figure (filed_ms) WHERE filed_ms IS NOT NULL;
CREATE INDEX figure_settled ON figure (settled_ms) WHERE settled_ms IS NOT NULL;

-- When a case was overdue: from a moment on and before another, with whom and in
-- what status. A case of which that cannot be read off has one span in which it
-- may have been (late.c).
CREATE TABLE late (
    number  INTEGER NOT NULL,
    place   INTEGER NOT NULL,       -- from 0
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL,       -- 2^63-1: it lasts
    span    INTEGER NOT NULL,       -- 0: less than a day; else less than 2^span
    due_ms  INTEGER,                -- NULL: fold it
    status  INTEGER,
    holder  TEXT NOT NULL,
    PRIMARY KEY (number, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX late_span ON late (span, from_ms, to_ms);

-- A patrol whose first record is here, and that was not withdrawn; its home and
-- number stand in `line`, too.
CREATE TABLE patrol (
    number      INTEGER PRIMARY KEY,
    worker      TEXT NOT NULL,
    unit        TEXT NOT NULL,
    start_ms    INTEGER NOT NULL,
    end_ms      INTEGER,            -- NULL: none has come
    until_ms    INTEGER NOT NULL,   -- the last moment that it touches
    span        INTEGER NOT NULL,   -- 0: less than a day from start to until;
                                    -- else less than 2^span days
    came_ms     INTEGER NOT NULL,
    distance_mm INTEGER NOT NULL,
    points      INTEGER NOT NULL,
    gaps        INTEGER NOT NULL,
    gap_ms      INTEGER NOT NULL,
    last_ms     INTEGER,            -- its last fix, or NULL
    last_lat_e6 INTEGER,
    last_lon_e6 INTEGER
) STRICT;

CREATE INDEX patrol_span ON patrol (span, start_ms, until_ms);
CREATE INDEX patrol_worker ON patrol (worker, start_ms);

-- The same of a visit.
CREATE TABLE visit (
    number  INTEGER PRIMARY KEY,
    worker  TEXT NOT NULL,
    unit    TEXT NOT NULL,
    ms      INTEGER NOT NULL,       -- when it happened, as told, or was recorded
    place   INTEGER NOT NULL,       -- 64 bits of the place's SHA-256, the last
                                    -- one zero; 0: none is told
    subject BLOB                    -- the id of one of the lists, or NULL
) STRICT;

CREATE INDEX visit_worker ON visit (worker, ms);

-- Of those two, what a worker did for a unit on a day (of China's calendar,
-- from 1970-01-01): patrols that began, places and subjects that were visited.
CREATE TABLE cover (
    unit        TEXT NOT NULL,
    day         INTEGER NOT NULL,
    worker      TEXT NOT NULL,
    patrols     INTEGER NOT NULL,
    distance_mm INTEGER NOT NULL,
    places      BLOB NOT NULL,      -- visit.place, each once, ascending, 8 bytes,
                                    -- big-endian; plus 1: one visit was to a
                                    -- subject
    subjects    BLOB NOT NULL,      -- ids, each once, ascending
    PRIMARY KEY (unit, day, worker)
) STRICT, WITHOUT ROWID;

-- Subjects that are on the lists now, with their home.
CREATE TABLE listed (
    number INTEGER PRIMARY KEY,
    unit   TEXT NOT NULL
) STRICT;

CREATE INDEX listed_unit ON listed (unit);

-- Reports by who made them. `valid`: filed, or settled on the spot, and not
-- undone since.
CREATE TABLE report (
    number INTEGER PRIMARY KEY,
    worker TEXT NOT NULL,
    valid  INTEGER NOT NULL
) STRICT;

CREATE INDEX report_worker ON report (worker, valid);

-- What is marked about something, for its maker (shared/view/account.h).
CREATE TABLE flag (
    number   INTEGER NOT NULL,
    place    INTEGER NOT NULL,      -- from 0
    worker   TEXT NOT NULL,
    flag     INTEGER NOT NULL,      -- enum view_flag
    count    INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    PRIMARY KEY (number, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX flag_worker ON flag (worker, number DESC);

-- Moves of a case that a day's review lists, and that count.
CREATE TABLE act (
    number    INTEGER NOT NULL,
    place     INTEGER NOT NULL,     -- from 0
    ms        INTEGER NOT NULL,
    move      INTEGER NOT NULL,
    record    INTEGER NOT NULL,     -- its number in the store
    author    TEXT NOT NULL,
    sensitive INTEGER NOT NULL,     -- the case holds personal fields
    PRIMARY KEY (number, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX act_ms ON act (ms);
