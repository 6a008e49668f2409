"""AuditEvents built with fhir.resources are posted to URL as TOKEN; prints what is to be kept, a line of JSON each (XML as a text)."""

import json
import sys

import requests
from fhir.resources.bundle import Bundle
from fhir.resources.R4B.auditevent import AuditEvent as AuditEventR4B
from fhir.resources.R4B.bundle import Bundle as BundleR4B
from fhir.resources.auditevent import AuditEvent

url, token = sys.argv[1:3]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {token}"


def r4b(number):
    return AuditEventR4B(
        type={"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110110"},
        action="R",
        recorded="2025-12-10T04:47:28Z",
        outcome="0",
        agent=[{"who": {"identifier": {"value": f"user-{number}"}}, "requestor": True}],
        source={"observer": {"display": "ehr"}},
        entity=[{"what": {"reference": f"Patient/{number}"}}],
    )


def r5(number):
    return AuditEvent(
        code={"coding": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "read"}]},
        action="R",
        recorded="2025-12-10T04:47:28Z",
        agent=[{"who": {"identifier": {"value": f"user-{number}"}}, "requestor": True}],
        source={"observer": {"display": "ehr"}},
    )


def post(path, body, media):
    return session.post(f"{url}{path}", data=body.encode(), headers={"Content-Type": media}, timeout=60)


for number, build in [(1, r4b), (2, r5)]:
    body = build(number).model_dump_json()
    answer = post("/fhir/AuditEvent", body, "application/fhir+json")
    assert answer.status_code == 201 and answer.headers["Location"].startswith("AuditEvent/"), answer.text
    print(body)

body = r4b(3).model_dump_xml().decode()
answer = post("/fhir/AuditEvent", body, "application/fhir+xml")
assert answer.status_code == 201, answer.text
print(json.dumps(body))

for kind, read, bundle, build in [("batch", BundleR4B, BundleR4B, r4b), ("transaction", Bundle, Bundle, r5)]:
    events = [build(number) for number in range(100, 300)]
    entries = [{"resource": event, "request": {"method": "POST", "url": "AuditEvent"}} for event in events]
    answer = post("/fhir", bundle(type=kind, entry=entries).model_dump_json(), "application/fhir+json")
    told = read.model_validate_json(answer.text)
    assert told.type == f"{kind}-response", told.type
    assert [entry.response.status for entry in told.entry] == ["201 Created"] * 200
    for event in events:
        print(event.model_dump_json())

answer = post("/fhir/AuditEvent", '{"resourceType":"Patient"}', "application/fhir+json")
assert answer.status_code == 422 and answer.json()["resourceType"] == "OperationOutcome", answer.text
