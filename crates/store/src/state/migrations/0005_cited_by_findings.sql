-- What findings cite is written by who keeps them, from the places at hand: reading it back out of each explanation cost more than keeping the finding.
DROP TRIGGER findings_cite_evidence;
