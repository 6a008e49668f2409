-- Who gave the verdict of a group, when, and what was its latest finding then: verdicts on learnt behaviour change later scores for as long as they count.
-- Verdicts that were given before this version name nobody and teach nothing.
ALTER TABLE finding_groups ADD COLUMN verdict_by TEXT;
ALTER TABLE finding_groups ADD COLUMN verdict_at INTEGER;
ALTER TABLE finding_groups ADD COLUMN verdict_last INTEGER;
-- who took its effect back, and when; the verdict itself stays
ALTER TABLE finding_groups ADD COLUMN untaught_by TEXT;
ALTER TABLE finding_groups ADD COLUMN untaught_at INTEGER;
CREATE INDEX groups_taught ON finding_groups (verdict_at) WHERE verdict_by IS NOT NULL;
