-- People, sessions, tokens, settings, sources, jobs, the outbox, legal holds.
-- Secrets that are handed out are kept as SHA-256 of 256 random bits; second factors sealed; passwords as Argon2id text.

CREATE TABLE users (
  user_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  roles TEXT NOT NULL,
  sites TEXT,
  password_hash TEXT,
  totp_sealed BLOB,
  totp_step INTEGER NOT NULL DEFAULT 0,
  locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  secret BLOB PRIMARY KEY CHECK (length(secret) = 32),
  user_id INTEGER NOT NULL REFERENCES users,
  opened INTEGER NOT NULL,
  active INTEGER NOT NULL,
  idle_us INTEGER NOT NULL,
  ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id, opened);

CREATE TABLE invitations (
  secret BLOB PRIMARY KEY CHECK (length(secret) = 32),
  user_id INTEGER NOT NULL REFERENCES users,
  ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  token_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
  roles TEXT NOT NULL,
  sites TEXT,
  actions TEXT,
  creator TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used INTEGER,
  revoked INTEGER
) STRICT;

CREATE TABLE source_tokens (
  token_id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  site TEXT NOT NULL,
  secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),
  creator TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER,
  used INTEGER,
  revoked INTEGER
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  revision INTEGER NOT NULL,
  author TEXT NOT NULL,
  changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_searches (
  search_id INTEGER PRIMARY KEY AUTOINCREMENT,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  revision INTEGER NOT NULL DEFAULT 1,
  changed INTEGER NOT NULL,
  UNIQUE (owner, name)
) STRICT;

CREATE TABLE sources (
  source TEXT PRIMARY KEY,
  site TEXT NOT NULL,
  declared INTEGER NOT NULL CHECK (declared IN (0, 1)),
  declaration TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  records INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  dropped TEXT NOT NULL DEFAULT '{}',
  received_last INTEGER,
  event_last INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_of_site ON sources (site, source);

CREATE TABLE jobs (
  job_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  input TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'stopped')),
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER,
  outcome TEXT,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, job_id);

-- Letters that wait for their receivers. `ends` is when the conversation that a letter belongs to is over.
CREATE TABLE outbox (
  key TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  letter TEXT NOT NULL,
  ends INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
  error TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (state, next_attempt, key);

CREATE TABLE legal_holds (
  hold_id INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT,
  query TEXT NOT NULL,
  reason TEXT NOT NULL,
  owner TEXT NOT NULL,
  review INTEGER NOT NULL,
  created INTEGER NOT NULL,
  ended INTEGER
) STRICT;
