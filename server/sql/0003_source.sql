-- What a record that makes something says of where it came from: the number of
-- a hotline's order, of a file's line. Derived.
CREATE TABLE source (
    text   TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (text, record)
) STRICT, WITHOUT ROWID;
