-- Which evidence findings cite, so that retention finds it by its place: kept by the database itself, in the transaction of the finding.
CREATE TABLE cited_evidence (
  position INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  received INTEGER NOT NULL
) STRICT;

-- Positions of archives and of event logs of Windows (`3:17`) are none of a node's log.
CREATE TRIGGER findings_cite_evidence AFTER INSERT ON findings
BEGIN
  INSERT INTO cited_evidence (position, source, received)
    SELECT CAST(json_extract(value, '$.position') AS INTEGER), json_extract(value, '$.source'), NEW.received
    FROM json_each(NEW.explanation, '$.events')
    WHERE json_extract(value, '$.position') NOT GLOB '*[^0-9]*'
    ON CONFLICT (position) DO UPDATE SET received = max(received, excluded.received);
END;

INSERT INTO cited_evidence (position, source, received)
  SELECT CAST(json_extract(value, '$.position') AS INTEGER), json_extract(value, '$.source'), max(received)
  FROM findings, json_each(findings.explanation, '$.events')
  WHERE json_extract(value, '$.position') NOT GLOB '*[^0-9]*'
  GROUP BY 1;
