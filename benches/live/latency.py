"""How long findings take from receipt to the state, seen from outside: reads new rows every 10 ms until standard input closes.

A row counts from its `received` to the moment in which it was seen, so what is printed is at most 10 ms (and the time of the query) too long.
"""

import glob
import select
import sqlite3
import sys
import time

STEP = 0.01


def main(data_dir: str) -> None:
    paths = [path for path in glob.glob(f"{data_dir}/**/*.db", recursive=True) + glob.glob(f"{data_dir}/**/*.sqlite*", recursive=True)]
    paths = [path for path in paths if not path.endswith(("-wal", "-shm"))]
    for path in paths:
        state = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        if state.execute("SELECT 1 FROM sqlite_master WHERE name = 'findings'").fetchone():
            break
    else:
        print(f"latency: no table of findings below {data_dir}")
        return
    (last,) = state.execute("SELECT coalesce(max(seq), 0) FROM findings").fetchone()
    waits = []
    while not select.select([sys.stdin], [], [], STEP)[0]:
        rows = state.execute("SELECT seq, received FROM findings WHERE seq > ? ORDER BY seq", (last,)).fetchall()
        now = time.time()
        if rows:
            last = rows[-1][0]
            waits.extend(now - received / 1e6 for _, received in rows)
    if not waits:
        print("latency: no finding")
        return
    waits.sort()
    at = lambda share: waits[int((len(waits) - 1) * share)] * 1e3
    print(f"latency: {len(waits)} findings from receipt to row: median {at(0.5):.0f} ms, p99 {at(0.99):.0f} ms, p99.9 {at(0.999):.0f} ms, slowest {at(1):.0f} ms")


main(sys.argv[1])
