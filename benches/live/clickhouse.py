#!/usr/bin/env python3
"""ClickHouse (PyPI chdb) beside a node that has stopped taking events: the same questions over the same event tables, and the bytes of the same columns and raw text in a MergeTree.

  clickhouse.py ask DATA_DIR API_URL TOKEN_FILE [TIMES]   point look-ups and facets of one day, best of TIMES (7), answers compared
  clickhouse.py bytes DATA_DIR RAW_DIR WORK_DIR           tables and evidence against MergeTree (zstd 3) with the same columns, and the lines of RAW_DIR as text

Needs chdb in the interpreter that runs it. Exit code 1 when an answer differs."""

import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit

from chdb import session

MERGE_TREE = "ENGINE = MergeTree ORDER BY {order} SETTINGS default_compression_codec = 'ZSTD(3)'"


class Node:
    """The node's API on one connection that is kept open."""

    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def rows(self, sql):
        body = json.dumps({"sql": sql, "limit": 1000})
        self.connection.request("POST", "/api/v1/events/sql", body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text[:500], sql)
        return json.loads(text)["rows"]


class ClickHouse:
    """chdb within this process; local files are read below the working folder only."""

    def __init__(self, folder):
        os.chdir(folder)
        self.session = session.Session()

    def rows(self, sql):
        answer = str(self.session.query(sql, "JSONEachRow"))
        return [json.loads(line) for line in answer.splitlines() if line]


def best(ask, times):
    answer, fastest = None, float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        answer = ask()
        fastest = min(fastest, time.perf_counter() - begin)
    return answer, fastest


def in_order(rows):
    """Rows as texts, in an order of their own: neither engine promises one, one writes large numbers as text, and one leaves out what is null."""
    return sorted(json.dumps({name: str(value) for name, value in row.items() if value is not None}, sort_keys=True) for row in rows)


def questions(node, tables):
    """Values to look for come from the middle of each table: what is asked for is there. `{t}` is the table in the words of each engine."""
    for table in tables:
        places = node.rows(f"SELECT min(position) AS low, max(position) AS high, max(event_day) AS day, count(*) AS events FROM {table}")[0]
        if not places["events"]:
            continue
        middle = (int(places["low"]) + int(places["high"])) // 2
        columns = {row["column_name"] for row in node.rows(f"DESCRIBE {table}")}
        wanted = [name for name in ("actor_user_name", "src_endpoint_ip", "device_hostname", "patient_ref", "process_file_hash_sha256") if name in columns]
        for column in wanted:
            some = node.rows(f"SELECT {column} AS value FROM {table} WHERE position >= {middle} AND {column} IS NOT NULL ORDER BY position LIMIT 1")
            if some:
                value = some[0]["value"].replace("'", "''")
                yield table, f"look-up by {column}", f"SELECT count(*) AS events, min(position) AS first, max(position) AS last FROM {{t}} WHERE {column} = '{value}'"
        some = node.rows(f"SELECT position AS value, record_index AS part FROM {table} WHERE position >= {middle} ORDER BY position LIMIT 1")[0]
        yield table, "look-up by position", f"SELECT position, source, class_uid, severity_id FROM {{t}} WHERE position = {some['value']} AND record_index = {some['part']}"
        day = places["day"]
        for column in ("class_uid", "severity_id", "source", *wanted[:2]):
            yield table, f"facet of {column}", f"SELECT {column} AS value, count(*) AS events FROM {{t}} WHERE event_day = '{day}' GROUP BY {column} ORDER BY count(*) DESC, value LIMIT 20"


def ask(data, url, token, times):
    with open(token, encoding="utf-8") as file:
        node = Node(url, file.read().strip())
    folder = os.path.join(os.path.abspath(data), "tables")
    tables = sorted(name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name)))
    clickhouse = ClickHouse(folder)
    counted = {table: node.rows(f"SELECT count(*) AS events FROM {table}")[0]["events"] for table in tables}
    print(f"{sum(map(int, counted.values())):,} events in {len(tables)} tables; best of {times}; ms")
    print(f"{'table':14} {'question':36} {'node':>8} {'clickhouse':>11} {'ratio':>6}")
    differing, ratios = 0, {"look-up": [], "facet": []}
    for table, name, sql in questions(node, tables):
        ours, mine = best(lambda: node.rows(sql.format(t=table)), times)
        theirs, peer = best(lambda: clickhouse.rows(sql.format(t=f"deltaLakeLocal('{folder}/{table}')")), times)
        same = in_order(ours) == in_order(theirs)
        differing += not same
        ratios[name.split()[0]].append((mine, peer))
        print(f"{table:14} {name:36} {mine * 1e3:8.1f} {peer * 1e3:11.1f} {mine / peer:6.2f}{'' if same else '  *** answers differ ***'}")
        if not same:
            print(f"  {sql}\n  node       {in_order(ours)[:3]}\n  clickhouse {in_order(theirs)[:3]}")
    for kind, pairs in ratios.items():
        ours, theirs = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        print(f"all of kind {kind}: node {ours * 1e3:.0f} ms, ClickHouse {theirs * 1e3:.0f} ms, ratio {ours / theirs:.2f}; worst {max(mine / peer for mine, peer in pairs):.2f}")
    return 1 if differing else 0


def bytes_below(folder):
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


def on_disk(data, raw, work):
    data, raw = os.path.abspath(data), os.path.abspath(raw)
    os.makedirs(work, exist_ok=True)
    ours = {part: bytes_below(os.path.join(data, part)) for part in ("tables", "evidence")}
    root = os.path.commonpath([data, raw])
    os.chdir(root)
    clickhouse = session.Session(os.path.abspath(work) if os.path.isabs(work) else os.path.join(root, work))
    clickhouse.query("CREATE DATABASE peer")
    tables = os.path.join(data, "tables")
    for table in sorted(os.listdir(tables)):
        folder = os.path.join(tables, table)
        if not os.path.isdir(folder):
            continue
        clickhouse.query(f"CREATE TABLE peer.{table} {MERGE_TREE.format(order='time')} AS SELECT * FROM deltaLakeLocal('{folder}')")
        clickhouse.query(f"OPTIMIZE TABLE peer.{table} FINAL")
    clickhouse.query(f"CREATE TABLE peer.raw (number UInt64, text String) {MERGE_TREE.format(order='number')}")
    for path, _, names in sorted(os.walk(raw)):
        for name in sorted(names):
            clickhouse.query(f"INSERT INTO peer.raw SELECT rowNumberInAllBlocks(), line FROM file('{os.path.join(path, name)}', LineAsString)")
    clickhouse.query("OPTIMIZE TABLE peer.raw FINAL")
    answer = clickhouse.query("SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'peer' GROUP BY table ORDER BY table", "JSONEachRow")
    parts = [json.loads(line) for line in str(answer).splitlines() if line]
    for part in parts:
        print(f"MergeTree {part['table']:14} {int(part['rows']):>12,} rows {int(part['bytes']):>14,} bytes")
    theirs = sum(int(part["bytes"]) for part in parts)
    print(f"node: tables {ours['tables']:,} + evidence {ours['evidence']:,} = {sum(ours.values()):,} bytes; ClickHouse: {theirs:,} bytes; ratio {sum(ours.values()) / theirs:.2f}")
    return 0


def main():
    if len(sys.argv) >= 5 and sys.argv[1] == "ask":
        return ask(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]) if len(sys.argv) > 5 else 7)
    if len(sys.argv) == 5 and sys.argv[1] == "bytes":
        return on_disk(*sys.argv[2:])
    print(__doc__, file=sys.stderr)
    return 2


sys.exit(main())
