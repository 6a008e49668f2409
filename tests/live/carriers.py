"""Every way in that a node has, for the documents of the canary patient: which document goes by which, and under which source it is kept."""

import contextlib
import json
import socket
import ssl

import requests

from canaries import FOLDER, corpus

RULES = FOLDER / "rules.yml"
HEAD = b"<134>1 2026-03-04T21:14:05Z ehr app - - - "
# What is not read in these carriers, so that nothing says who the patient is in it: who may read records sees it in their bytes, nobody sees it anywhere else
# (docs/gaps.md). A document of another format as the text of a JSON record, and FHIR in XML or broken JSON on a line of syslog.
UNREAD_IN_TEXT = {
    "access.csv", "epic.csv", "openemr.csv", "openemr-extended.csv", "generic.csv", "sd.log", "cef.log", "r4.xml", "r5.xml", "study.xml", "in-header.log",
    "text.txt", "two.json", "receipt.hl7",
}
UNREAD_IN_SYSLOG = {"r4.xml", "r5.xml", "two.json"}
# Syslog that is not read comes from this address, so that it is a source of its own.
OTHER = "127.0.0.2"
UNREAD = {"http/unread"} | {f"{listener}/{OTHER}" for listener in ("syslog_tcp", "syslog_tls", "syslog_udp", "relp")}


def documents():
    return {name: content for name, content, _ in corpus()}


def messages(unread):
    """Documents of one line as messages of syslog; what has no header of its own also behind one."""
    for name, content in documents().items():
        line = content.strip()
        if b"\n" in line or name.endswith(".hl7") or (name in UNREAD_IN_SYSLOG) != unread:
            continue
        yield line
        if not line.startswith(b"<"):
            yield HEAD + line


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


def syslog(node, unread):
    """By all ways of syslog; gives how many messages each source has got."""
    address, sent = (OTHER if unread else "127.0.0.1"), list(messages(unread))
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
    counts = {"syslog_tcp": len(sent) + in_head, "syslog_tls": len(sent), "relp": len(sent), "syslog_udp": len(sent)}
    return {f"{listener}/{address}": count for listener, count in counts.items()}


def mllp(node):
    answers = b""
    sent = [content for name, content in documents().items() if name.endswith(".hl7")]
    for content in sent:
        answers += exchange(node.ports["mllp"], b"\x0b" + content + b"\x1c\r", "127.0.0.1")
    assert answers.count(b"MSA|AA|") == len(sent), answers
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

    def shippers(self, unread):
        """JSON as objects, everything else as texts, by Elasticsearch bulk, HEC, NDJSON and OTLP."""
        for name, content in documents().items():
            if (name in UNREAD_IN_TEXT) != unread:
                continue
            is_object = name.endswith(".json") and name != "two.json"
            event = json.loads(content) if is_object else content.decode()
            record = event if is_object else {"message": event}
            self.post("/services/collector/event", json.dumps({"event": event, "host": "ward-3"}))
            self.post("/_bulk", json.dumps({"create": {"_index": "logs"}}) + "\n" + json.dumps(record) + "\n", "application/x-ndjson")
            self.post("/intake/v1/raw", json.dumps(record) + "\n", "application/x-ndjson")
            body = {"stringValue": json.dumps(event) if is_object else event}
            logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1772658845000000000", "body": body}]}]}]}
            self.post("/v1/logs", json.dumps(logs), "application/json")

    def broken(self):
        """Documents that are cut off: what is wrong with them is told to nobody with what they hold."""
        for name, content in documents().items():
            self.post("/intake/v1/raw", content[: len(content) * 2 // 3], status=(200, 400, 422))
        self.post("/fhir/AuditEvent", documents()["r4.json"][:-20], "application/fhir+json", status=(400, 422))
        self.post("/_bulk", b'{"create":{}}\n' + documents()["app.json"][:-20] + b"\n", "application/x-ndjson")
        self.post("/services/collector/event", b'{"event":' + documents()["app.json"][:-20], status=(400,))
