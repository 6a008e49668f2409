-- Pseudonyms of accounts that two people of two roles have unlocked, or that one has asked to be. The name stands nowhere here.
CREATE TABLE unlocks (
  unlock_id INTEGER PRIMARY KEY AUTOINCREMENT,
  pseudonym TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_roles TEXT NOT NULL,
  asked INTEGER NOT NULL,
  agreed_by TEXT,
  agreed_roles TEXT,
  agreed INTEGER,
  -- waiting until then, after both have agreed in force until then
  until INTEGER NOT NULL,
  ended_by TEXT,
  CHECK ((agreed_by IS NULL) = (agreed IS NULL) AND (agreed_by IS NULL) = (agreed_roles IS NULL)),
  CHECK (agreed_by IS NULL OR agreed_by <> asked_by)
) STRICT;
CREATE INDEX unlocks_by_end ON unlocks (until);
