#!/usr/bin/env python3
"""ClickHouse (PyPI chdb) reads the event tables while they are written: counts and sums of every read must be those of a prefix of what was written.

Usage: tables-in-clickhouse.py WRITER FOLDER [FLUSHES], where WRITER is the built example `write_tables` of cordon-store.
Needs chdb; install it into a venv of its own (about 190 MB): python3 -m venv V && V/bin/pip install chdb."""

import json
import os
import subprocess
import sys

from chdb import session

TABLES = ["identity", "network", "process"]


def read(clickhouse, folder, table):
    columns = (
        "count() AS events, sum(position) AS positions, uniqExact(event_id) AS ids, "
        "countIf(src_endpoint_ip = '10.0.0.5') AS ips, sum(length(patient_refs)) AS patients, min(toUnixTimestamp64Micro(time)) AS first"
    )
    answer = clickhouse.query(f"SELECT {columns} FROM deltaLakeLocal('{folder}/{table}')", "JSONEachRow")
    return {name: int(value) for name, value in json.loads(str(answer).strip()).items()}


def check(found, number, table):
    count = found["events"]
    expect = {
        "events": count,
        "positions": 3 * count * (count - 1) // 2 + number * count,
        "ids": count,
        "ips": count,
        "patients": 2 * count,
        "first": 1_795_327_200_000_000 + number,
    }
    assert found == expect, f"{table}: {found} instead of {expect}"


def main():
    writer, folder, flushes = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 30
    # local files are read below the working folder only
    writer, folder = os.path.abspath(writer), os.path.abspath(folder)
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    clickhouse = session.Session()
    reads, last = 0, 0
    with subprocess.Popen([writer, folder, str(flushes)], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            written, counts = int(line), []
            for number, table in enumerate(TABLES):
                found = read(clickhouse, folder, table)
                check(found, number, table)
                assert found["events"] >= written // 3, f"{table}: {found['events']} events, {written // 3} were there before"
                counts.append(found["events"])
                reads += 1
            last = written
    assert process.returncode == 0
    final = [read(clickhouse, folder, table)["events"] for table in TABLES]
    assert final == [flushes * 200] * 3 and last == flushes * 600, final
    print(f"{reads} reads while writing, {sum(final)} events at the end: counts and sums equal")


main()
