"""ClickHouse (PyPI chdb) over the event tables of a node, as they lie on the disk."""

import json
import os
from pathlib import Path

from chdb import session


class Tables:
    """`events` in a question stands for all tables that have a file. ClickHouse reads local files below the working folder only, so that changes meanwhile."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()

    def __enter__(self):
        self.before = os.getcwd()
        os.chdir(self.folder)
        self.session = session.Session()
        return self

    def __exit__(self, *_):
        self.session.close()
        os.chdir(self.before)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir() if (path / "_delta_log").is_dir())

    def rows(self, text):
        answer = str(self.session.query(text, "JSONEachRow"))
        return [json.loads(line) for line in answer.splitlines()]

    def of(self, table):
        return f"deltaLakeLocal('{self.folder}/{table}')"

    def ask(self, text, columns="source, position, event_id"):
        parts = " UNION ALL ".join(f"SELECT {columns} FROM {self.of(name)}" for name in self.names() if any((self.folder / name).glob("event_day=*")))
        return self.rows(text.replace("events", f"({parts})"))
