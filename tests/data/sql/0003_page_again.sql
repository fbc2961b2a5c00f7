-- Build a table anew while others refer to it: their rows must stay.
CREATE TABLE page_new (
    number INTEGER PRIMARY KEY CHECK (number >= 0),
    body   BLOB NOT NULL
) STRICT;
INSERT INTO page_new SELECT number, body FROM page;
DROP TABLE page;
ALTER TABLE page_new RENAME TO page;
