"""ClickHouse (PyPI chdb) reads every event table of a node that is writing: each read is a prefix of what was received, with equal counts and sums, and in the end
everything is there, byte for byte."""

import calendar
import subprocess
import threading
import time
from collections import defaultdict

from clickhouse import Tables
from node import BINARY, ENVIRONMENT, PATIENCE, ROOT, Node

# Lakeside's evening, which fills every table, so many times.
EVENINGS = 12
TABLES = ["clinical", "detections", "dns", "file", "identity", "network", "other", "process", "record_access", "system", "web"]
READ = """SELECT count() AS n, sum(position) AS positions, max(position) AS last, sum(toUnixTimestamp64Milli(time)) AS times, sum(class_uid) AS classes,
    uniqExact(event_id) AS ids, countIf(src_endpoint_ip IS NOT NULL) AS addresses, sum(length(rest)) AS rest, countIf(patient_ref IS NOT NULL) AS patients FROM """


class Sender(threading.Thread):
    """Brings the evening again and again, until it has done so often enough."""

    def __init__(self, node):
        super().__init__()
        token = node.folder / "import.token"
        token.write_text(node.sender("import"))
        self.command = [BINARY, "import", "--url", node.intake, "--token-file", token, "--no-progress", ROOT / "fixtures/lakeside/evening"]
        self.failed = None

    def run(self):
        for _ in range(EVENINGS):
            done = subprocess.run(self.command, capture_output=True, text=True, timeout=PATIENCE, env=ENVIRONMENT, check=False)
            if done.returncode != 0:
                self.failed = done.stderr
                return
            # the next flush of the node is due a second after the last
            time.sleep(0.4)


def milliseconds(text):
    """Of `2026-03-18T20:11:05.123456Z`."""
    seconds, micros = text.removesuffix("Z").split(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1_000 + int(micros) // 1_000


def sums(rows):
    """What a read gives after each of these rows, by the last position of a read."""
    found = dict.fromkeys(("n", "positions", "last", "times", "classes", "ids", "addresses", "rest", "patients"), 0)
    by_last = {None: dict(found)}
    for row in rows:
        found["n"] += 1
        found["positions"] += row["position"]
        found["last"] = row["position"]
        found["times"] += milliseconds(row["time"])
        found["classes"] += row["class_uid"]
        found["ids"] += 1
        found["addresses"] += "src_endpoint_ip" in row
        found["rest"] += len(row.get("rest", "").encode())
        found["patients"] += "patient_ref" in row
        by_last[row["position"]] = dict(found)
    return by_last


def test_every_table_is_read_with_equal_counts_and_sums_while_the_node_writes():
    with Node(listeners=["http"]) as node:
        sender = Sender(node)
        reads = defaultdict(list)
        with Tables(node.data / "tables") as tables:
            sender.start()
            while sender.is_alive():
                for table in tables.names():
                    reads[table].append(tables.rows(READ + tables.of(table))[0])
            sender.join()
            assert sender.failed is None, sender.failed
            node.settled()
            final = {table: tables.rows(READ + tables.of(table))[0] for table in tables.names()}
            ids = {table: tables.rows(f"SELECT lower(hex(event_id)) AS id, lower(hex(record_sha256)) AS sha FROM {tables.of(table)}") for table in TABLES}
        events = defaultdict(list)
        for row in sorted(node.export(""), key=lambda row: (row["position"], row["record_index"])):
            events[row["event_table"]].append(row)
    assert sorted(events) == sorted(final) == TABLES
    between = 0
    for table, rows in events.items():
        expect = sums(rows)
        for read in [*reads[table], final[table]]:
            found = {name: int(value or 0) for name, value in read.items()}
            assert found == expect[found["last"] if found["n"] else None], table
            between += 0 < found["n"] < len(rows)
        assert int(final[table]["n"]) == len(rows), table
        whole = sorted((row["event_id"].replace("-", ""), row["record_sha256"]) for row in rows)
        assert sorted((row["id"], row["sha"]) for row in ids[table]) == whole, f"{table}: ids and fingerprints of ClickHouse are not ours"
    assert between >= 5 * len(TABLES), f"only {between} reads fell between two flushes"
    print(f"{sum(map(len, reads.values()))} reads while writing, {between} of them between two flushes, {sum(map(len, events.values()))} events")
