-- What was done to a login by others than its person (server/account/account.h): as the
-- log has it, kept here so that it is found.
ALTER TABLE operator ADD COLUMN turn INTEGER NOT NULL DEFAULT 0; -- raised by whatever ends her logins, lowered by nothing
ALTER TABLE operator ADD COLUMN given BLOB NOT NULL DEFAULT (zeroblob(32)); -- the newest record that tells of it; zeros: none
ALTER TABLE operator ADD COLUMN given_by TEXT NOT NULL DEFAULT ''; -- '': on the machine itself
ALTER TABLE operator ADD COLUMN given_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operator ADD COLUMN given_why TEXT NOT NULL DEFAULT '';
ALTER TABLE operator ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0; -- a one-time key replaced a password
ALTER TABLE operator ADD COLUMN asked_by TEXT NOT NULL DEFAULT ''; -- who would give a new login; '': nobody
ALTER TABLE operator ADD COLUMN asked_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operator ADD COLUMN asked_why TEXT NOT NULL DEFAULT '';
ALTER TABLE operator ADD COLUMN consent TEXT NOT NULL DEFAULT ''; -- who agreed
