-- What the specimen saves: rows of a known content.
CREATE TABLE saved (
    number INTEGER PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;
