-- The names of the newest 2^12 records (number >> 12) lie apart, and move to their run together. A
-- group's names are random, so each is on another page of a long run, which was then written anew for
-- every group: a third of all that was written.
CREATE TABLE name_fresh (
    name   BLOB PRIMARY KEY,
    record INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
