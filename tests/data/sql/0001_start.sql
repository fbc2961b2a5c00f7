-- 一页日志: a page of a log.
CREATE TABLE page (
    number INTEGER PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;
