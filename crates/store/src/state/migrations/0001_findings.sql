-- Findings, what people triage of them, what mutes them, and the chain of the audit log.
-- Times are microseconds since 1970 UTC, ids 16 bytes, digests 32 bytes, levels 0 (informational) to 4 (critical).

CREATE TABLE sink_offsets (
  sink TEXT PRIMARY KEY,
  applied INTEGER NOT NULL CHECK (applied >= 0)
) STRICT, WITHOUT ROWID;

-- What travels with every finding of one version of a rule, kept once.
CREATE TABLE rule_cards (
  card_id INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL UNIQUE,
  card TEXT NOT NULL
) STRICT;

CREATE TABLE findings (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  finding_id BLOB NOT NULL UNIQUE CHECK (length(finding_id) = 16),
  group_id BLOB NOT NULL CHECK (length(group_id) = 16),
  card_id INTEGER NOT NULL REFERENCES rule_cards,
  rule_id TEXT NOT NULL,
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
  time INTEGER,
  received INTEGER NOT NULL,
  site TEXT NOT NULL,
  class_uid INTEGER NOT NULL,
  source TEXT NOT NULL,
  user TEXT,
  host TEXT,
  device TEXT,
  patient_ref TEXT,
  mute_id INTEGER,
  explanation TEXT NOT NULL
) STRICT;
CREATE INDEX findings_of_group ON findings (group_id, seq);
CREATE INDEX findings_by_receipt ON findings (received);

-- INVARIANT: a finding is never changed. It leaves only as a whole, by retention.
CREATE TRIGGER findings_are_append_only BEFORE UPDATE ON findings
BEGIN SELECT RAISE(ABORT, 'findings are append-only'); END;

CREATE TABLE finding_groups (
  group_id BLOB PRIMARY KEY CHECK (length(group_id) = 16),
  rule_id TEXT NOT NULL,
  title TEXT NOT NULL,
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
  site TEXT NOT NULL,
  class_uid INTEGER NOT NULL,
  entity_kind TEXT NOT NULL,
  entity TEXT NOT NULL,
  window_start INTEGER NOT NULL,
  window_end INTEGER NOT NULL,
  count INTEGER NOT NULL,
  loud INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'closed')),
  owner TEXT,
  verdict TEXT CHECK (verdict IN ('true_positive', 'benign', 'false_positive')),
  note TEXT,
  muted_until INTEGER,
  reopened INTEGER NOT NULL DEFAULT 0,
  revision INTEGER NOT NULL DEFAULT 1,
  changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_worst ON finding_groups (level, last, group_id);
CREATE INDEX groups_newest ON finding_groups (last, group_id);
CREATE INDEX groups_of_entity ON finding_groups (entity_kind, entity, last);

-- Suppressions, exceptions and maintenance windows: what makes a finding quiet. Never deleted.
CREATE TABLE mutes (
  mute_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('suppression', 'exception', 'maintenance')),
  rule_id TEXT,
  site TEXT,
  entity_kind TEXT,
  entity TEXT,
  source TEXT,
  fields TEXT NOT NULL,
  classes TEXT,
  starts INTEGER NOT NULL,
  ends INTEGER,
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  created INTEGER NOT NULL,
  hits INTEGER NOT NULL DEFAULT 0,
  CHECK (kind = 'exception' OR ends IS NOT NULL)
) STRICT;
CREATE INDEX mutes_by_end ON mutes (ends);

-- Decayed risk: scaled = sum of weight * 2^((time - epoch) / half life); see docs/specs/state.md.
CREATE TABLE risk_epoch (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL) STRICT;
CREATE TABLE risk (
  entity_kind TEXT NOT NULL,
  entity TEXT NOT NULL,
  site TEXT NOT NULL,
  class_uid INTEGER NOT NULL,
  scaled REAL NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (entity_kind, entity, site, class_uid)
) STRICT, WITHOUT ROWID;

-- Who did what. hash = SHA-256(prev || canonical row); the first row's prev is 32 zero bytes.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target TEXT NOT NULL,
  site TEXT NOT NULL,
  purpose TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev BLOB NOT NULL CHECK (length(prev) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_target ON audit (target_kind, target, seq);
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
