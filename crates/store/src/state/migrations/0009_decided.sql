-- Who gave the verdict of a case, which until now stood in its custody only, and whether it counts in what later reviews make of cases like it.
ALTER TABLE incidents ADD COLUMN decided_by TEXT;
ALTER TABLE incidents ADD COLUMN teaches INTEGER NOT NULL DEFAULT 1 CHECK (teaches IN (0, 1));
UPDATE incidents SET decided_by = (
  SELECT by FROM incident_custody c WHERE c.incident_id = incidents.incident_id AND c.deed = 'verdict' ORDER BY c.number DESC LIMIT 1
) WHERE verdict IS NOT NULL;
