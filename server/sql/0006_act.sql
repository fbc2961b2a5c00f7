-- Acts that came with a key of whoever asked for them (server/desk/desk.h), and what they were
-- answered with: asked for again, they are answered so again. Truth, and kept for some weeks.
CREATE TABLE act (
    author    TEXT NOT NULL,
    key       BLOB NOT NULL,    -- 16 bytes, by lot
    asked     BLOB NOT NULL,    -- what was asked for, hashed
    done_ms   INTEGER NOT NULL, -- by the log's time
    record    BLOB NOT NULL,
    entity    BLOB NOT NULL,
    contact   BLOB NOT NULL,    -- that was made with it; zeros: none
    kind      INTEGER NOT NULL,
    move      INTEGER NOT NULL, -- 0: none
    status    INTEGER NOT NULL, -- of the loop, after it; 0: none
    conflicts INTEGER NOT NULL, -- left to decide
    missing   INTEGER NOT NULL, -- wanted needs that stayed unmet
    number    TEXT NOT NULL,    -- official, that was given; '': none
    PRIMARY KEY (author, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX act_done ON act (done_ms);
