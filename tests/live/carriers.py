"""Every way in that a node has, for the documents of the canary patient: which document goes by which, and under which source it is kept."""

import base64
import contextlib
import json
import socket
import ssl

import requests

from canaries import CANARIES, FOLDER, corpus

RULES = FOLDER / "rules.yml"
HEAD = b"<134>1 2026-03-04T21:14:05Z ehr app - - - "
# What is cut off, nested or spelt otherwise comes from this address, so that it is a source of its own.
OTHER = "127.0.0.2"
SPOILT = {"http/spoilt"} | {f"{listener}/{OTHER}" for listener in ("syslog_tcp", "syslog_tls", "syslog_udp", "relp", "mllp")}
# What a piece without its start still shows to be of health care by itself (docs/specs/patient-names.md, texts that nobody can read).
TOLD = {"a.hl7", "receipt.hl7", "r4.json", "r5.json", "r4.xml", "r5.xml", "study.xml", "in-header.log"}


def documents():
    return {name: content for name, content, _ in corpus()}


def messages():
    """Documents of one line as messages of syslog; what has no header of its own also behind one."""
    for name, content in documents().items():
        line = content.strip()
        if b"\n" in line or name.endswith(".hl7"):
            continue
        yield line
        if not line.startswith(b"<"):
            yield HEAD + line


def cuts(name, text):
    """Places at which a document is cut: within names and numbers of the patient, and others."""
    lower = text.lower()
    # what stands in front of what says that there is a patient: the free text of an application, a custom field of CEF without its label
    mark = {"app.json": '"mrn', "cef.log": "cs1Label=Patient Name"}.get(name, "")
    first = text.index(mark) + len(mark)
    places = [lower.index(canary) + len(canary) for canary in CANARIES if canary in lower]
    places += [len(text) // 3, len(text) // 2, len(text) * 2 // 3]
    return sorted({place for place in places if place > first})[::2]


def spoilt():
    """Texts that no reader reads as a whole: documents that break off, or whose start is missing, payloads within payloads, escapes, base64."""
    for name, content in documents().items():
        text = content.decode()
        for place in cuts(name, text):
            yield text[:place]
            if name in TOLD and place < len(text) * 3 // 4:
                yield text[place:]
        yield HEAD.decode() + json.dumps({"message": text})
        yield json.dumps({"message": json.dumps({"message": text})})
        yield json.dumps({"message": text}).replace("Quillfeather", "\\u0051uillfe\\u0061ther").replace("Zephyrine", "\\u005aephyrine")
        if name.endswith((".json", ".xml", ".hl7")):
            yield HEAD.decode() + text
            if name != "two.json":  # what stands behind JSON on a line of a log is prose
                yield "2026-03-04 21:14:05 INFO received " + text
        if name.endswith(".xml"):
            yield text.replace("Quillfeather", "&#81;uillfeather").replace("Zephyrine", "&#x5a;ephyrine")
        if name in TOLD - {"in-header.log"}:
            yield "attached: " + base64.b64encode(content).decode()


def exchange(port, content, address, context=None):
    """Sends all of it and waits until the node has read it and closes; gives what it answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(address, 0)) as plain:
        connection = context.wrap_socket(plain, server_hostname="localhost") if context else plain
        connection.sendall(content)
        if context:
            # our end of the session; the node closes without a word when it has read everything
            with contextlib.suppress(ssl.SSLEOFError):
                connection.unwrap()
            return b""
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def relp(port, content, address):
    """A session of RELP: each message is answered with 200 once it is durable."""
    offer = b"relp_version=0\nrelp_software=test\ncommands=syslog"
    frames = [b"1 open %d %s\n" % (len(offer), offer)]
    frames += [b"%d syslog %d %s\n" % (number, len(one), one) for number, one in enumerate(content, 2)]
    answered = exchange(port, b"".join(frames), address)
    assert answered.count(b"200 OK") == len(frames), answered
    return answered


def syslog(node, sent, address):
    """By all ways of syslog; gives how many messages each source has got."""
    lines = b"".join(message + b"\n" for message in sent)
    counted = b"".join(b"%d %s" % (len(message), message) for message in sent if message.startswith(HEAD))
    exchange(node.ports["syslog_tcp"], lines, address)
    exchange(node.ports["syslog_tcp"], counted, address)
    exchange(node.ports["syslog_tls"], lines, address, ssl.create_default_context(cafile=node.data / "node.crt.pem"))
    relp(node.ports["relp"], sent, address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((address, 0))
        for message in sent:
            udp.sendto(message, ("127.0.0.1", node.ports["syslog_udp"]))
    in_head = sum(message.startswith(HEAD) for message in sent)
    counts = {"syslog_tcp": len(sent) + in_head, "syslog_tls": len(sent), "relp": len(sent)}
    # datagrams come one by one and the kernel may drop some
    counts["syslog_udp"] = len(sent) if len(sent) < 100 else 1
    return {f"{listener}/{address}": count for listener, count in counts.items()}


def mllp(node):
    answers = b""
    sent = [content for name, content in documents().items() if name.endswith(".hl7")]
    for content in sent:
        answers += exchange(node.ports["mllp"], b"\x0b" + content + b"\x1c\r", "127.0.0.1")
    assert answers.count(b"MSA|AA|") == len(sent), answers
    return answers


def mllp_spoilt(node):
    """Messages that break off, lack their start or are not UTF-8, and a frame that never ends."""
    answers = b""
    for name, content in documents().items():
        if name.endswith(".hl7"):
            text = content.decode()
            pieces = [piece.encode() for place in cuts(name, text) for piece in (text[:place], text[place:])]
            for piece in [*pieces, content.replace(b"Lane", b"L\xe4ne"), content.replace(b"\r", b"\\r")]:
                answers += exchange(node.ports["mllp"], b"\x0b" + piece + b"\x1c\r", OTHER)
            answers += exchange(node.ports["mllp"], b"\x0b" + content[:-9], OTHER)
    return answers


class Http:
    """The routes of the intake; `answers` is all that they answered."""

    def __init__(self, node, name):
        self.url, self.answers = node.intake, []
        self.head = {"Authorization": f"Bearer {node.sender(name)}"}

    def post(self, path, body, media="application/octet-stream", status=(200, 201)):
        answer = requests.post(self.url + path, data=body, headers=self.head | {"Content-Type": media}, timeout=60)
        assert answer.status_code in status, (path, answer.status_code, answer.text)
        self.answers.append(answer.text)

    def raw(self):
        for content in documents().values():
            self.post("/intake/v1/raw", content)

    def fhir(self):
        for name, content in documents().items():
            if name[:2] in ("r4", "r5"):
                media = "application/fhir+" + name[3:]
                self.post("/fhir/AuditEvent", content, media)
                if media.endswith("json"):
                    entry = {"resource": json.loads(content), "request": {"method": "POST", "url": "AuditEvent"}}
                    self.post("/fhir", json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry, entry]}), media)
        # what is refused is told without what it holds
        self.post("/fhir/AuditEvent", documents()["resource.json"], "application/fhir+json", status=(422,))
        # resources of care are kept: who is in whose care, with her name beside every reference
        her = {"reference": "Patient/77310942", "display": "Zephyrine Quillfeather"}
        visit = {
            "resourceType": "Encounter",
            "id": "canary-visit",
            "status": "in-progress",
            "subject": her,
            "period": {"start": "2026-03-04T21:00:00Z"},
            "participant": [{"individual": {"reference": "Practitioner/kim", "display": "nurse.kim"}}],
        }
        self.post("/fhir/Patient", documents()["resource.json"], "application/fhir+json")
        self.post("/fhir/Encounter", json.dumps(visit), "application/fhir+json")

    def shippers(self):
        """JSON as objects and as texts, everything else as texts, by Elasticsearch bulk, HEC, NDJSON and OTLP."""
        texts = [content.decode() for content in documents().values()]
        objects = [json.loads(content) for name, content in documents().items() if name.endswith(".json") and name != "two.json"]
        self.records(texts + objects)

    def records(self, events):
        records = [event if isinstance(event, dict) else {"message": event} for event in events]
        self.post("/services/collector/event", "".join(json.dumps({"event": event, "host": "ward-3"}) for event in events))
        action = json.dumps({"create": {"_index": "logs"}}) + "\n"
        self.post("/_bulk", "".join(action + json.dumps(record) + "\n" for record in records), "application/x-ndjson")
        self.post("/intake/v1/raw", "".join(json.dumps(record) + "\n" for record in records), "application/x-ndjson")
        bodies = [{"stringValue": json.dumps(event) if isinstance(event, dict) else event} for event in events]
        logged = [{"timeUnixNano": "1772658845000000000", "body": body} for body in bodies]
        self.post("/v1/logs", json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": logged}]}]}), "application/json")

    def broken(self):
        """Documents that are cut off: what is wrong with them is told to nobody with what they hold."""
        for name, content in documents().items():
            for place in cuts(name, content.decode()):
                self.post("/intake/v1/raw", content[:place], status=(200, 400, 422))
            self.post("/intake/v1/raw", content.replace(b"Lane", b"L\xe4ne").replace(b"kim", b"k\xefm"), status=(200, 400, 422))
        self.post("/fhir/AuditEvent", documents()["r4.json"][:-20], "application/fhir+json", status=(400, 422))
        self.post("/_bulk", b'{"create":{}}\n' + documents()["app.json"][:-20] + b"\n", "application/x-ndjson")
        self.post("/services/collector/event", b'{"event":' + documents()["app.json"][:-20], status=(400,))
