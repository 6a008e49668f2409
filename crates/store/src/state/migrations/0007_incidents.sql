-- Incidents: what a review found (`material`, JSON), how far the work on it is, and everything that was done. Accounts stand here as their sources write them.
CREATE TABLE incidents (
  incident_id BLOB PRIMARY KEY CHECK (length(incident_id) = 16),
  kind TEXT NOT NULL CHECK (kind IN ('privacy')),
  site TEXT NOT NULL,
  -- which cases they are to the policies: 1 of staff, 2 of the privacy office itself
  class_uid INTEGER NOT NULL CHECK (class_uid IN (1, 2)),
  user TEXT NOT NULL,
  title TEXT NOT NULL,
  score REAL NOT NULL CHECK (score >= 0 AND score <= 1),
  scenarios TEXT NOT NULL,
  patients INTEGER NOT NULL,
  accesses INTEGER NOT NULL,
  material TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('new', 'triage', 'asked', 'answered', 'decided', 'closed', 'withdrawn')),
  owner TEXT,
  verdict TEXT CHECK (verdict IN ('appropriate', 'policy_violation', 'breach', 'unfounded')),
  verdict_reason TEXT,
  decided INTEGER,
  breach_known INTEGER,
  withdrawn_reason TEXT,
  assessment TEXT,
  due INTEGER,
  changed INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  CHECK ((verdict IS NULL) = (decided IS NULL) AND (verdict IS NULL) = (verdict_reason IS NULL)),
  CHECK (verdict IS NULL OR state IN ('decided', 'closed'))
) STRICT;
CREATE INDEX incidents_worst ON incidents (score DESC, last DESC, incident_id DESC);
CREATE INDEX incidents_of_site ON incidents (site, kind, state);

-- Who did what, when; each row chained to the one before (`cordon_incident::verify_custody`).
CREATE TABLE incident_custody (
  incident_id BLOB NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  deed TEXT NOT NULL,
  words TEXT NOT NULL,
  content BLOB NOT NULL CHECK (length(content) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (incident_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_comments (
  incident_id BLOB NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (incident_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_tasks (
  incident_id BLOB NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  title TEXT NOT NULL,
  due INTEGER,
  done INTEGER NOT NULL CHECK (done IN (0, 1)),
  by TEXT NOT NULL,
  PRIMARY KEY (incident_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident_requests (
  incident_id BLOB NOT NULL REFERENCES incidents (incident_id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  asked_of TEXT NOT NULL CHECK (asked_of IN ('employee', 'manager')),
  text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'sent', 'replied', 'refused')),
  proposed_by TEXT NOT NULL,
  approved_by TEXT,
  reply_at INTEGER,
  reply TEXT,
  is_correction INTEGER CHECK (is_correction IN (0, 1)),
  PRIMARY KEY (incident_id, number),
  CHECK ((reply IS NULL) = (reply_at IS NULL) AND (reply IS NULL) = (is_correction IS NULL))
) STRICT, WITHOUT ROWID;

-- Reviews of record accesses that were carried out, with their counts.
CREATE TABLE privacy_reviews (
  review_id INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT NOT NULL,
  ran INTEGER NOT NULL,
  told TEXT NOT NULL
) STRICT;
CREATE INDEX privacy_reviews_of_site ON privacy_reviews (site, review_id);
