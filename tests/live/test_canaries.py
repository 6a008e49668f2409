"""A canary patient in every input format goes into a running node by every listener. Then she is looked for in everything that the node shows or keeps: every
operation of the API for every role, exports, streams, metrics, the node's own log, the event tables, every file of the store, and every message to mail, webhook
and SIEM. Nobody sees her before a reveal, which shows her and leaves exactly one entry in the audit log."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import threading

import pytest
import requests

import carriers
from canaries import STAFF, corpus, found, found_in_bytes
from clickhouse import Tables
from node import BINARY, ENVIRONMENT, PATIENCE, ROLES, Node, until
from receiver import Receiver

SECRET = "a secret of more than 16 bytes"
PURPOSE = {"X-Cordon-Purpose": "privacy_investigation"}
# Bodies of operations that mean something to this node. Any other operation of the description gets what its schema asks for.
WHOLE = {"filter": "", "from": "2020-01-01T00:00:00Z"}
BODIES = {
    "POST /api/v1/audit/search": [{"limit": 1_000}],
    "POST /api/v1/audit/verify": [{}],
    "POST /api/v1/entities/risk": [{"kind": kind, "name": STAFF} for kind in ("user", "host")],
    "POST /api/v1/events/export": [WHOLE | {"format": "ndjson"}, WHOLE | {"format": "csv"}],
    "POST /api/v1/events/histogram": [WHOLE],
    "POST /api/v1/events/search": [WHOLE | {"limit": 1_000}, {"filter": "quillfeather", "limit": 1_000}, {"filter": "patient:77310942"}],
    "POST /api/v1/finding-groups/search": [{"limit": 1_000}],
    "POST /api/v1/findings/search": [{"entity": {"kind": "user", "name": STAFF}, "limit": 1_000}],
    "PATCH /api/v1/finding-groups/{id}": [{"note": "looked at"}],
    "POST /api/v1/first-administrator": [{"token": "none", "name": "nobody", "password": "long enough to be one"}],
    "POST /api/v1/invitations/accept": [{"token": "none", "password": "long enough to be one"}],
    "POST /api/v1/jobs/backfill": [{"rules": ["55555555-5555-4555-8555-555555555555"]}],
    "POST /api/v1/jobs/import": [{"path": "/none", "site": "lakeside", "source": "none"}],
    "POST /api/v1/jobs/verify": [None],
    "POST /api/v1/jobs/{id}/cancel": [None],
    "POST /api/v1/me/password": [{"current": "none", "new": "long enough to be one"}],
    "POST /api/v1/me/totp": [None],
    "POST /api/v1/me/totp/confirm": [{"code": "000000"}],
    "POST /api/v1/mutes": [{"kind": "exception", "site": "lakeside", "reason": "it is known", "entity": {"kind": "user", "name": "nobody"}}],
    "DELETE /api/v1/mutes/{id}": [None],
    "POST /api/v1/rules/reload": [None],
    "POST /api/v1/rules/test": [{"text": carriers.RULES.read_text(), "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}],
    "PATCH /api/v1/rules/{id}": [{"is_enabled": True}],
    "POST /api/v1/saved-searches": [{"name": "mine", "query": "user:nurse.kim", "is_shared": False}],
    "PUT /api/v1/saved-searches/{id}": [{"name": "mine", "query": "user:nurse.kim", "is_shared": False}],
    "DELETE /api/v1/saved-searches/{id}": [None],
    "PUT /api/v1/settings/{name}": [{"value": 1}],
    "POST /api/v1/sign-in": [{"name": "nobody", "password": "long enough to be one"}],
    "POST /api/v1/sign-out": [None],
    "POST /api/v1/tokens": [{"name": "another", "roles": ["auditor"], "days": 1}],
    "DELETE /api/v1/tokens/{id}": [None],
    "POST /api/v1/users": [{"name": "jane", "roles": ["analyst"]}],
    "PATCH /api/v1/users/{id}": [{"is_locked": False}],
    "POST /api/v1/users/{id}/invitation": [None],
}
# What stands in the address of operations that answer nothing without it.
QUERIES = {"GET /api/v1/findings/histogram": "?from=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z"}
# The lists that ids in addresses are taken from, and which member is the id. Of rules a few suffice: they hold no events.
IDS = {name: "id" for name in ("findings", "finding-groups", "jobs", "mutes", "rules", "saved-searches", "sources", "tokens", "users")} | {"settings": "name"}
MADE = ("jobs", "mutes", "saved-searches", "settings", "users")
SOME = 8
FEW = {"rules": 3, "tokens": 2, "settings": 5, "users": 3}


class Shown:
    """Everything that came out: texts by the place where they were seen, each once."""

    def __init__(self):
        self.texts, self.statuses = {}, {}

    def add(self, place, text):
        self.texts.setdefault(place, set()).add(text)

    def leaks(self):
        """Places that show her, with what."""
        known = {text: found(text) for text in set().union(*self.texts.values())}
        found_at = {place: sorted({canary for text in texts for canary in known[text]}) for place, texts in self.texts.items()}
        return {place: canaries for place, canaries in found_at.items() if canaries}


class Stream(threading.Thread):
    """Reads a stream of the API until the node ends it."""

    def __init__(self, node, role, path, shown):
        super().__init__(daemon=True)
        self.place, self.shown, self.count = f"{role}: GET {path}", shown, 0
        head = {"Authorization": f"Bearer {node.token('--role', role, '--name', f'test-{role}')}"}
        self.answer = requests.get(node.api + path, headers=head, stream=True, timeout=PATIENCE)
        self.shown.statuses.setdefault(f"GET {path}", set()).add(self.answer.status_code)

    def run(self):
        try:
            for line in self.answer.iter_lines():
                self.count += line.startswith(b"data:")
                self.shown.add(self.place, line.decode())
        except (requests.RequestException, AttributeError):
            pass


class Crawler:
    """Asks every operation of the description as every role."""

    def __init__(self, node, shown):
        self.node, self.shown, self.some = node, shown, False
        self.description = node.ask("GET", "/api/v1/openapi.json", "administrator").json()
        self.events = node.export("")
        self.ids = {name: self.listed(name, member) for name, member in IDS.items()}
        # records of the same bytes look alike, whichever way they came
        self.ids["events"] = list({(event["record_sha256"], event["record_index"]): event["event_id"] for event in self.events}.values())

    def listed(self, name, member):
        role = "administrator" if name in ("tokens", "users", "settings", "sources") else "analyst"
        items = self.node.ask("GET", f"/api/v1/{name}", role).json()["items"]
        return [item[member] for item in items][: FEW.get(name, 1_000)]

    def ask(self, role, operation, path, body=None):
        method = operation.split(" ")[0]
        answer = self.node.ask(method, path, role, status=None, headers=PURPOSE | {"If-Match": '"1"', "X-Cordon-Background": "1"}, **({"json": body} if body is not None else {}))
        assert answer.status_code < 500 or answer.status_code == 503, f"{operation} as {role}: {answer.status_code} {answer.text[:500]}"
        self.shown.statuses.setdefault(operation, set()).add(answer.status_code)
        self.shown.add(f"{role}: {operation}", "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), answer.content.decode(errors="replace")]))

    def paths(self, path, role):
        """The path with every id that there is; for others than analysts with some, since what differs between roles is which rows they see."""
        if "{" not in path:
            return [path]
        before, after = path.split("{")[0], path.split("}")[1]
        ids = self.ids.get(before.strip("/").split("/")[-1]) or ["1"]
        is_all = role == "analyst" and (path.endswith("/record") or not path.endswith("/events/{id}") and not self.some)
        some = ids if is_all else ids[:: max(1, len(ids) // SOME)]
        return [f"{before}{requests.utils.quote(str(one), safe='')}{after}" for one in some]

    def bodies(self, operation):
        if operation == "POST /api/v1/events/sql":
            tables = {event["event_table"] for event in self.events}
            return [{"sql": f"SELECT * FROM {table} LIMIT 1000", "limit": 1_000} for table in sorted(tables | {"events"})]
        if operation == "POST /api/v1/events/facets":
            columns = sorted({name for event in self.events for name in event})
            return [WHOLE | {"columns": columns[start : start + 10], "values": 100} for start in range(0, len(columns), 10)]
        return BODIES.get(operation) or [self.example(operation)]

    def example(self, operation):
        """A body as the schema of an operation asks for."""
        method, path = operation.split(" ")
        content = self.description["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else self.value(schema)

    def value(self, schema, depth=0):
        if "$ref" in schema:
            return self.value(self.description["components"]["schemas"][schema["$ref"].split("/")[-1]], depth)
        for members in (schema.get("allOf"), schema.get("oneOf"), schema.get("anyOf")):
            if members:
                return self.value(members[0], depth)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object" and depth < 8:
            wanted = schema.get("required", ())
            return {name: self.value(one, depth + 1) for name, one in schema.get("properties", {}).items() if name in wanted}
        simple = {"integer": schema.get("minimum", 1), "number": 1, "boolean": False, "array": [], "object": {}, "null": None}
        return simple.get(kind, "2026-01-01T00:00:00Z" if schema.get("format") == "date-time" else "something")

    def operations(self):
        for path, methods in self.description["paths"].items():
            for method in methods:
                if method in ("get", "post", "put", "patch", "delete"):
                    yield f"{method.upper()} {path}"

    def crawl(self, only=None):
        self.some = only is not None
        ends = ("/reveal", "/stream/events", "/stream/findings", "/sign-out")
        # what makes something comes first, what removes it last; a token that asks is never removed
        makes = lambda operation: operation.startswith("POST") and "{" not in operation or operation.startswith("PATCH /api/v1/rules")
        order = sorted(self.operations(), key=lambda operation: (operation.startswith("DELETE"), not makes(operation)))
        for operation in order:
            if operation.endswith(ends) or operation.startswith("DELETE /api/v1/tokens") or (only and operation not in only):
                continue
            name = operation.split("/{")[0].split("/")[-1]
            if operation == "GET /api/v1/jobs/{id}":
                running = lambda: any(job["state"] == "running" for job in self.node.ask("GET", "/api/v1/jobs", "analyst").json()["items"])
                until("the jobs have ended", lambda: not running())
            for role in ROLES:
                if name in MADE and "{" in operation:
                    self.ids[name] = self.listed(name, IDS[name])
                for path in (path + QUERIES.get(operation, "") for path in self.paths(operation.split(" ")[1], role)):
                    for body in [None] if operation.startswith("GET") else self.bodies(operation):
                        self.ask(role, operation, path, body)


def settings(folder, mail, http, line):
    for name in ("tail", "rules", "import"):
        (folder / name).mkdir()
    for name, content, _ in corpus():
        (folder / "import" / name).write_bytes(content)
        # a file that is followed has whole lines
        (folder / "tail" / name).write_bytes(content if content.endswith((b"\n", b"\r")) else content + b"\n")
    shutil.copy(carriers.RULES, folder / "rules")
    (folder / "secret").write_text(SECRET)
    (folder / "token").write_text("00000000-0000-0000-0000-000000000001")
    people = ", ".join(
        f'{{name="{role}", role="{role}", level_min="informational", topics=["security", "privacy", "operations"], '
        f'mail=["{role}@hospital.example"], webhooks=["chat"]}}' for role in ROLES
    )
    return [
        # nobody listens there: who signs in through it is sent back to the page
        "oidc.issuer=http://127.0.0.1:1", "oidc.client_id=cordon", 'oidc_roles=[{value="analysts", roles=["analyst"]}]',
        # few files, so that the many questions about single events are quick
        "log.level=debug", "store.flush_every=8s", f'rules.folders=["{folder}/rules"]', "rules.profile=", f'intake.tail=["{folder}/tail/*"]', "tell.gather=1s", "tell.window=2s",
        "smtp.host=127.0.0.1", f"smtp.port={mail.port}", "smtp.security=plain", "smtp.from=cordon@hospital.example", f"recipients=[{people}]",
        f'webhooks=[{{name="chat", url="http://127.0.0.1:{http.port}/hook", secret_file="{folder}/secret"}}]',
        f'siem=[{{name="hec", kind="hec", url="http://127.0.0.1:{http.port}", token_file="{folder}/token"}}, '
        f'{{name="cef", kind="cef_tcp", peer="127.0.0.1:{line.port}"}}]',
        f"heartbeat.url=http://127.0.0.1:{http.port}/beat", "heartbeat.every=5s",
    ]


def deliver(node, folder, shown):
    """Every document by every way in; gives how many messages each source must have at least."""
    counts = carriers.syslog(node, list(carriers.messages()), "127.0.0.1")
    shown.add("answers of MLLP", carriers.mllp(node).decode())
    http = carriers.Http(node, "read")
    http.raw(), http.fhir(), http.shippers()
    [shown.add("answers of the HTTP intake", answer) for answer in http.answers]
    token = node.folder / "import.token"
    token.write_text(node.sender("import"))
    command = [BINARY, "import", "--url", node.intake, "--token-file", token, "--no-progress", folder / "import"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=ENVIRONMENT, check=False)
    shown.add("what `cordon import` says", done.stdout + done.stderr)
    taken = int(done.stderr.split(" records were taken")[0].split()[-1])
    return counts | {f"file/{folder}/tail/*": taken}


def deliver_spoilt(node, _, shown):
    """Documents that break off, lack their start, are nested, escaped, in base64 or not UTF-8."""
    texts = list(dict.fromkeys(carriers.spoilt()))
    one_line = [text.encode() for text in texts if "\n" not in text]
    # half of them behind a header of syslog, half as they are
    sent = [text if number % 2 else carriers.HEAD + text for number, text in enumerate(one_line)]
    counts = carriers.syslog(node, sent, carriers.OTHER)
    http = carriers.Http(node, "spoilt")
    http.records(texts), http.broken()
    shown.add("answers of MLLP", carriers.mllp_spoilt(node).decode(errors="replace"))
    [shown.add("answers of the HTTP intake", answer) for answer in http.answers]
    return counts


def received(node, counts):
    """Waits until every source has got its messages and everything is judged, written and told."""

    def is_there():
        node.alive()
        sources = {source["id"]: source["records"] for source in node.ask("GET", "/api/v1/sources", "administrator").json()["items"]}
        return all(sources.get(source, 0) >= count for source, count in counts.items())

    until(f"sources have {counts}", is_there)
    node.settled()
    told = lambda: [row[0] for row in sqlite3.connect(f"file:{node.data}/state.sqlite?mode=ro", uri=True).execute("SELECT state FROM outbox")]
    until("everybody is told", lambda: told() and set(told()) == {"sent"})


class Run:
    """A node to which documents were delivered, which was asked, and is stopped; `shown` is all that came out."""

    def __init__(self, folder, deliveries, asks, *more):
        self.shown = Shown()
        with Receiver("mail_receiver.py") as mail, Receiver("http_receiver.py", SECRET) as http, Receiver("line_receiver.py") as line:
            with Node(*settings(folder, mail, http, line), *more) as node:
                self.streams = [Stream(node, role, f"/api/v1/stream/{name}", self.shown) for role in ROLES for name in ("events", "findings")]
                [stream.start() for stream in self.streams]
                received(node, deliveries(node, folder, self.shown))
                self.crawler = Crawler(node, self.shown)
                self.crawler.crawl(asks)
                for path in ("/metrics", "/", "/health/ready", "/health/live", "/api/v1/openapi.json"):
                    self.shown.add(f"anybody: GET {path}", requests.get(node.api + path, timeout=60).text)
                tables(node, self.shown)
                self.reveal = reveal(node, self.crawler) if asks is None else None
                node.stop()
                self.shown.add("the log of the node", node.log() + (node.folder / "said").read_text())
                files(node, self.shown)
            for receiver in (mail, http, line):
                [self.shown.add(f"what {receiver.script} got", json.dumps(message)) for message in receiver.lines]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("canaries"), deliver, None)


def tables(node, shown):
    """Every row of every event table, as ClickHouse reads them off the disk; ids and fingerprints are no text."""
    with Tables(node.data / "tables") as clickhouse:
        for name in clickhouse.names():
            if any((node.data / "tables" / name).glob("event_day=*")):
                for row in clickhouse.rows(f"SELECT * EXCEPT ('event_id|record_sha256|.*_bytes') FROM {clickhouse.of(name)}"):
                    shown.add(f"event table {name}", json.dumps(row))


def files(node, shown):
    """Every file of the store as it lies on the disk; the state also row by row."""
    for path in sorted(path for path in node.data.rglob("*") if path.is_file()):
        # what SQLite has not yet moved from its log into the file is part of the state
        kind = path.relative_to(node.data).parts[0].removesuffix("-wal").removesuffix("-shm")
        for canary in found_in_bytes(path.read_bytes()):
            shown.add(f"bytes below {kind}", f"{path.name} holds {canary}")
        shown.texts.setdefault(f"bytes below {kind}", set())
    with sqlite3.connect(node.data / "state.sqlite") as state:
        [shown.add("the state, row by row", line) for line in state.iterdump()]


def reveals(node):
    """Entries of the audit log about reveals."""
    return node.ask("GET", "/api/v1/audit?action=record_revealed&limit=1000", "auditor").json()["items"]


def reveal(node, crawler):
    """Who may not is refused and nothing is entered; who may sees her, and one entry says so."""
    message = hashlib.sha256(carriers.documents()["a.hl7"]).hexdigest()
    event = next(event for event in crawler.events if event["source"] == "mllp/127.0.0.1" and event["record_sha256"] == message)
    path, body = f"/api/v1/events/{event['event_id']}/reveal", {"reason": "the patient asked who looked"}
    refused = {role: node.ask("POST", path, role, None, PURPOSE, json=body).status_code for role in ROLES if role != "privacy_officer"}
    without = node.ask("POST", path, "privacy_officer", None, json=body).status_code
    before = reveals(node)
    bytes_ = node.ask("POST", path, "privacy_officer", 200, PURPOSE, json=body).content
    return {"event": event, "refused": refused, "without a purpose": without, "before": before, "bytes": bytes_, "after": reveals(node)}


def test_every_document_holds_what_is_looked_for():
    for name, content, count in corpus():
        assert len(found(content.decode())) >= count, name
    assert found("b64 UXVpbGxmZWF0aGVy") == found("%51uillfeather &#81;uillfeather \\u0051uillfeather") == ["quillfeather"]
    assert found_in_bytes("x Quillfeather".encode("utf-16-le")) == ["quillfeather"]


def test_a_reveal_shows_her_and_leaves_exactly_one_entry(seen):
    told = seen.reveal
    assert told["refused"] == {"analyst": 403, "responder": 403, "auditor": 403, "administrator": 403}
    assert told["without a purpose"] in (400, 403)
    assert told["before"] == []
    assert len(found(told["bytes"].decode())) >= 8, "the search finds nothing where she stands"
    (entry,) = told["after"]
    assert (entry["target_kind"], entry["target"], entry["purpose"]) == ("event", told["event"]["event_id"], "privacy_investigation")
    assert entry["detail"] == {"reason": "the patient asked who looked"} and entry["site"] == "lakeside"


def test_every_way_in_and_every_operation_was_tried(seen):
    sources = {event["source"] for event in seen.crawler.events}
    ways = {"syslog_tcp/127.0.0.1", "syslog_tls/127.0.0.1", "syslog_udp/127.0.0.1", "relp/127.0.0.1", "mllp/127.0.0.1", "http/read"}
    assert ways <= sources, ways - sources
    assert any(source.startswith("file/") for source in sources) and any(source.startswith("http/import/") for source in sources)
    statuses = seen.shown.statuses
    not_asked = {operation for operation in seen.crawler.operations() if operation not in statuses}
    assert not_asked == {"POST /api/v1/events/{id}/reveal", "POST /api/v1/sign-out", "DELETE /api/v1/tokens/{id}"}
    reads = {operation for operation in statuses if operation.startswith("GET")}
    known = {operation for operation in reads if "{" not in operation or operation.split("/{")[0].split("/")[-1] in (*IDS, "events")}
    never_answered = {operation for operation in known if 200 not in statuses[operation]}
    assert never_answered == set(), never_answered
    assert sum(stream.count for stream in seen.streams) > 0, "no stream said anything"


def test_staff_is_seen_where_events_are_read(seen):
    texts = seen.shown.texts
    for place in (
        "analyst: GET /api/v1/jobs/{id}", "analyst: POST /api/v1/events/search", "analyst: POST /api/v1/events/export", "analyst: GET /api/v1/events/{id}/record", "responder: GET /api/v1/findings",
        "privacy_officer: GET /api/v1/findings/{id}", "event table record_access", "the state, row by row",
    ):
        assert any(STAFF in text for text in texts[place]), place
    for script in ("mail_receiver.py", "http_receiver.py", "line_receiver.py"):
        assert len(texts[f"what {script} got"]) >= 5, script
    for kind in ("wal", "evidence", "tables", "state.sqlite"):
        assert f"bytes below {kind}" in texts, kind


def test_nobody_sees_her_before_a_reveal(seen):
    assert seen.shown.leaks() == {}


# Where the bytes of records show, and the words of them that a rule was looking for.
ASKED = (
    "GET /api/v1/events/{id}/record", "GET /api/v1/findings", "GET /api/v1/findings/{id}", "GET /api/v1/finding-groups", "POST /api/v1/finding-groups/search",
    "POST /api/v1/findings/search", "POST /api/v1/events/search", "POST /api/v1/events/export", "POST /api/v1/events/facets", "POST /api/v1/events/sql",
    "POST /api/v1/rules/test", "POST /api/v1/jobs/backfill", "GET /api/v1/jobs", "GET /api/v1/jobs/{id}", "GET /api/v1/sources", "GET /api/v1/audit",
)


def test_what_cannot_be_read_as_a_whole_shows_her_to_nobody(tmp_path):
    # many findings about the same few: told in few letters
    run = Run(tmp_path, deliver_spoilt, ASKED, "tell.gather=5s", "tell.window=2m")
    assert carriers.SPOILT <= {event["source"] for event in run.crawler.events}
    assert any(STAFF in text for text in run.shown.texts["analyst: GET /api/v1/events/{id}/record"])
    assert run.shown.leaks() == {}
