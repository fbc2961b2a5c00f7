CREATE TABLE mark (
    id   INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page (number) ON DELETE CASCADE,
    text TEXT,
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
) STRICT;

INSERT INTO page (number, body) VALUES (0, x'00');
INSERT INTO mark (page, text) VALUES (0, '第一页；''--'' is no comment');
