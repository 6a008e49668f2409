"""Real senders deliver into a running `cordon serve`, all at once, and every event is held against what its sender sent: count for count, byte for byte by the
fingerprint of its record, field for field by its columns. Read back over the API, by `cordon query` and from the event tables."""

import hashlib
import json
import logging
import logging.handlers
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import rsyslog
from clickhouse import Tables
from node import BINARY, PYTHON, ROOT, Node, until

# Lines that each rsyslogd sends.
LINES = 2_000
DATAGRAMS = 500
# Records of each sender whose bytes are read back whole.
SAMPLE = 8
# What senders bring on purpose to see it refused: a delete, an update, and a resource that is no AuditEvent.
REFUSED = {"http/elasticsearch_bulk": 2, "http/fhir_audit_events": 1}
OVER_HTTP = ("elasticsearch_bulk", "otlp_logs", "fhir_audit_events", "splunk_hec")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fingerprint(text):
    return hashlib.sha256(text.encode()).hexdigest()


def script(name, *args):
    """Runs a sender to its end; gives what it says is to be kept."""
    done = subprocess.run([PYTHON, ROOT / f"tests/senders/{name}.py", *args], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{name}: {done.stderr[-4_000:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(number):
    return f"Failed password for user-{number} from 10.1.{number // 250}.{number % 250} port {10_000 + number} ssh2"


def syslog(node, host, action):
    with rsyslog.Rsyslog(action, host, tag="sshd") as sender:
        sender.write(said(number) for number in range(LINES))
        where = f"device_hostname = '{host}'"
        until(f"{LINES} events of {host}", lambda: node.count(where) >= LINES)


def datagrams(node):
    handler = logging.handlers.SysLogHandler(("127.0.0.1", node.ports["syslog_udp"]), facility="local4")
    handler.append_nul = False
    for number in range(DATAGRAMS):
        handler.emit(logging.LogRecord("test", logging.INFO, "", 0, f"datagram-{number}: {said(number)}", None, None))
    handler.close()


@pytest.fixture(scope="module")
def delivered():
    """The node, and what each sender says it sent."""
    with Node() as node, ThreadPoolExecutor(9) as pool:
        tokens = {name: node.sender(name) for name in OVER_HTTP}
        sent = {name: pool.submit(script, name, node.intake, token) for name, token in tokens.items()}
        sent["hl7_mllp"] = pool.submit(script, "hl7_mllp", "127.0.0.1", str(node.ports["mllp"]))
        actions = {
            "ward-tcp": rsyslog.tcp(node.ports["syslog_tcp"], "octet-counted"),
            "ward-lines": rsyslog.tcp(node.ports["syslog_tcp"], "traditional"),
            "ward-tls": rsyslog.tls(node.ports["syslog_tls"], node.data / "node.crt.pem"),
            "ward-relp": rsyslog.relp(node.ports["relp"]),
        }
        for host, action in actions.items():
            sent[host] = pool.submit(syslog, node, host, action)
        sent["udp"] = pool.submit(datagrams, node)
        yield node, {name: one.result() for name, one in sent.items()}


def rows_of(node, where, count):
    """All events of a sender, each once."""
    node.arrived(where, count)
    column, value = where.split(" = ")
    rows = node.export(f"{column}={value.strip(chr(39))}")
    assert len(rows) == count and len({row["event_id"] for row in rows}) == count
    assert len({(row["position"], row["record_index"]) for row in rows}) == count
    assert all(row["site"] == "lakeside" and row["record_index"] == 0 for row in rows)
    dropped = {f'cordon_source_dropped_total{{source="{source}",reason="malformed"}}': n for source, n in REFUSED.items()}
    assert node.drops() == dropped
    return rows


def check(rows, expect, columns):
    """Rows by the fingerprint of their record, with these columns, are those expected."""
    found = {row["record_sha256"]: {name: columns[name](row) for name in columns} for row in rows}
    assert len(found) == len(expect), "fingerprints"
    for key, fields in expect.items():
        assert found.get(key) == fields, (key, fields, found.get(key))


def rest(row):
    return json.loads(row["rest"], parse_float=str)["unmapped"]


def record(node, row, form="record", role="analyst"):
    """The bytes of an event's record; `reveal` shows them unmasked."""
    path = f"/api/v1/events/{row['event_id']}/{form}"
    if form == "record":
        return node.ask("GET", path, role).content.decode()
    head = {"X-Cordon-Purpose": "privacy_investigation"}
    return node.ask("POST", path, role, headers=head, json={"reason": "what was sent is compared"}).content.decode()


def sampled(rows):
    return rows[:: max(1, len(rows) // SAMPLE)]


def test_documents_of_the_official_elasticsearch_client_are_kept_as_they_were_sent(delivered):
    node, sent = delivered
    documents = sent["elasticsearch_bulk"]
    rows = rows_of(node, "source = 'http/elasticsearch_bulk'", 5_002)
    time = lambda document: document["@timestamp"][:-1] + "000Z"
    expect = {
        fingerprint(compact(document)): {"time": time(document), "number": document["number"], "list": [1, "2.5", True]} for document in documents
    }
    check(rows, expect, {"time": lambda row: row["time"], "number": lambda row: rest(row)["number"], "list": lambda row: rest(row)["nested.list"]})
    by_number = {document["number"]: document for document in documents}
    for row in sampled(rows):
        assert json.loads(record(node, row)) == by_number[rest(row)["number"]]


def test_log_records_of_the_opentelemetry_sdk_are_kept_with_all_their_fields(delivered):
    node, sent = delivered
    rows = rows_of(node, "source = 'http/otlp_logs'", 2_100)
    names = ("user.name", "n", "half", "ok", "list", "@timestamp")

    def fields(kept):
        otel = kept["otel"]
        own = {name: kept[name] for name in names} | {"half": str(kept["half"])}
        return own | {
            "otel.resource.service.name": otel["resource"]["service.name"],
            "otel.resource.host.name": otel["resource"]["host.name"],
            "otel.scope.name": otel["scope"]["name"],
            "otel.severity_text": otel["severity_text"],
            "otel.severity_number": otel["severity_number"],
            "otel.observed_timestamp": otel["observed_timestamp"],
        }

    # a body that is a text with an object in it stays as the sender wrote it
    text = lambda kept: compact(kept).replace('{"said":', '{"said": ', 1)
    expect = {fingerprint(text(kept)): fields(kept) for kept in sent["otlp_logs"]}
    columns = next(iter(expect.values()))
    check(rows, expect, {name: lambda row, name=name: rest(row)[name] for name in columns})
    assert all(row["time"] == rest(row)["@timestamp"][:-1] + ".000000Z" for row in rows)
    for row in sampled(rows):
        kept = json.loads(record(node, row))
        assert kept in sent["otlp_logs"]


def test_audit_events_built_with_fhir_resources_are_kept_one_by_one(delivered):
    node, sent = delivered
    rows = rows_of(node, "source = 'http/fhir_audit_events'", 403)

    def wanted(kept):
        text = kept if isinstance(kept, str) else compact(kept)
        user = text.split("user-")[1].split('"')[0]
        return text, {
            "user": f"user-{user}", "class": 87_006_001, "app": "ehr", "time": "2025-12-10T04:47:28.000000Z", "has_patient": "Patient/" in text,
        }

    expect = {fingerprint(text): fields for text, fields in map(wanted, sent["fhir_audit_events"])}
    columns = {
        "user": lambda row: row["actor_user_name"], "class": lambda row: row["class_uid"], "app": lambda row: row["app_name"],
        "time": lambda row: row["time"], "has_patient": lambda row: "patient_ref" in row,
    }
    check(rows, expect, columns)
    pseudonyms = {row["patient_ref"] for row in rows if "patient_ref" in row}
    assert len(pseudonyms) == 202, "one pseudonym for each patient"
    for row in sampled(rows):
        assert fingerprint(record(node, row, "reveal", "privacy_officer")) == row["record_sha256"]


def test_lines_of_a_splunk_handler_are_kept_with_what_stands_around_them(delivered):
    node, sent = delivered
    rows = rows_of(node, "source = 'http/splunk_hec'", 1_000)
    rows.sort(key=lambda row: (float(rest(row)["@timestamp"]), row["position"]))
    for row, kept in zip(rows, sent["splunk_hec"], strict=True):
        time = rest(row)["@timestamp"]
        around = compact(kept["splunk"])[:-1] + f',"time":{time}}}'
        text = f'{{"message":{compact(kept["message"])},"splunk":{around},"@timestamp":{time}}}'
        assert fingerprint(text) == row["record_sha256"], (text, record(node, row))
        assert {name: rest(row)[f"splunk.{name}"] for name in kept["splunk"]} == kept["splunk"]
    for row, kept in sampled(list(zip(rows, sent["splunk_hec"], strict=True))):
        assert json.loads(record(node, row))["message"] == kept["message"]


def test_messages_of_python_hl7_are_kept_byte_for_byte(delivered):
    node, sent = delivered
    rows = rows_of(node, "source = 'mllp/127.0.0.1'", 1_800)
    control_id = lambda message: message.split("|ADT^A08^ADT_A01|")[1].split("|")[0]
    expect = {
        fingerprint(message): {"id": control_id(message), "class": 87_006_003, "time": "2025-12-10T04:47:28.000000Z"} for message in sent["hl7_mllp"]
    }
    columns = {
        "id": lambda row: json.loads(row["rest"])["hl7_message"]["control_id"], "class": lambda row: row["class_uid"], "time": lambda row: row["time"],
    }
    check(rows, expect, columns)
    assert len({row["patient_ref"] for row in rows}) == 1_800
    assert not any("Müller" in json.dumps(row, ensure_ascii=False) for row in rows)
    for row in sampled(rows):
        assert record(node, row, "reveal", "privacy_officer") in sent["hl7_mllp"]
        assert "Müller" not in record(node, row)


def check_lines(rows, text):
    numbers = []
    for row in rows:
        number = int(row["user_name"].removeprefix("user-"))
        numbers.append(number)
        where = (row["src_endpoint_ip"], row["src_endpoint_port"])
        assert where == (f"10.1.{number // 250}.{number % 250}", 10_000 + number), row
        assert (row["class_uid"], row["activity_id"], row["status_id"]) == (3_002, 1, 2), row
        assert fingerprint(text(row, number)) == row["record_sha256"], row
    assert sorted(numbers) == list(range(len(rows)))


@pytest.mark.parametrize(("host", "source"), [("ward-tcp", "syslog_tcp"), ("ward-lines", "syslog_tcp"), ("ward-tls", "syslog_tls"), ("ward-relp", "relp")])
def test_lines_of_rsyslog_are_kept_over(delivered, host, source):
    node, _ = delivered
    rows = rows_of(node, f"device_hostname = '{host}'", LINES)
    assert {row["source"] for row in rows} == {f"{source}/127.0.0.1"}
    check_lines(rows, lambda row, number: f"<165>1 {row['time'][:-1]}+00:00 {host} sshd - - - {said(number)}")
    for row in sampled(rows):
        assert fingerprint(record(node, row)) == row["record_sha256"]


def test_datagrams_of_pythons_syslog_handler_are_kept(delivered):
    node, _ = delivered
    rows = rows_of(node, "source = 'syslog_udp/127.0.0.1'", DATAGRAMS)
    expect = {fingerprint(f"<166>datagram-{number}: {said(number)}"): {} for number in range(DATAGRAMS)}
    check(rows, expect, {})


def test_the_command_line_counts_and_finds_the_same(delivered):
    node, _ = delivered
    token = node.folder / "analyst.token"
    token.write_text(node.token("--role", "analyst", "--name", "test-analyst"))
    to = ["--url", node.api, "--token-file", str(token)]

    def query(*args):
        done = subprocess.run([BINARY, "query", *to, *args], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    node.settled()
    counts = {row["source"]: row["n"] for row in query("--sql", "SELECT source, count(*) AS n FROM events GROUP BY source")}
    senders = {"http/elasticsearch_bulk": 5_002, "http/otlp_logs": 2_100, "http/fhir_audit_events": 403, "http/splunk_hec": 1_000}
    lines = {"syslog_tcp/127.0.0.1": 2 * LINES, "syslog_tls/127.0.0.1": LINES, "relp/127.0.0.1": LINES, "syslog_udp/127.0.0.1": DATAGRAMS}
    assert counts == senders | lines | {"mllp/127.0.0.1": 1_800}
    found = query("--limit", "1000", "user:user-17 src_ip:10.1.0.0/16 status:failure")
    assert sorted(row["device_hostname"] for row in found) == ["ward-lines", "ward-relp", "ward-tcp", "ward-tls"]


def test_the_sources_page_counts_what_came_and_lost_nothing(delivered):
    node, _ = delivered
    sources = {source["id"]: source for source in node.ask("GET", "/api/v1/sources").json()["items"]}
    for source, count in node_counts(node).items():
        told, refused = sources[source], REFUSED.get(source, 0)
        drops = {"malformed": refused} if refused else {}
        assert (told["records"], told["drops"], told["is_declared"], told["site"]) == (count + refused, drops, False, "lakeside"), told


def node_counts(node):
    node.settled()
    return {row["source"]: row["n"] for row in node.sql("SELECT source, count(*) AS n FROM events GROUP BY source")}


def test_clickhouse_reads_the_same_from_the_event_tables(delivered):
    node, _ = delivered
    node.settled()
    with Tables(node.data / "tables") as tables:
        read = tables.ask("SELECT source, count() AS n, sum(position) AS at, uniqExact(event_id) AS ids FROM events GROUP BY source")
        events = node.export("")
        expect = {}
        for row in events:
            n, at = expect.get(row["source"], (0, 0))
            expect[row["source"]] = (n + 1, at + row["position"])
        assert {row["source"]: (int(row["n"]), int(row["at"])) for row in read} == expect
        assert all(row["n"] == row["ids"] for row in read)
