"""A running `cordon serve` for tests: the real binary on free ports of loopback, with tokens made by `cordon token`, asked over its API.

Knows no test. Every wait has an end, and what ends badly says so with the last lines of the node's log."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "target/senders-venv/bin/python"
BINARY = Path(os.environ.get("CORDON", ROOT / "target/debug/cordon"))
ROLES = ("analyst", "privacy_officer", "responder", "auditor", "administrator")
# Longest wait for the node to start, to stop, or to have what was sent, seconds. A machine under load is slow; nothing passes by waiting.
PATIENCE = int(os.environ.get("LIVE_TESTS_PATIENCE", "240"))
# Settings of whoever runs the tests are not those of the nodes in them.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("CORDON_")}
LISTENERS = ("http", "syslog_udp", "syslog_tcp", "syslog_tls", "relp", "mllp")
# What the node calls them when it says where they listen.
SAID = {name: name.replace("_", " ") for name in LISTENERS} | {"http": "http intake", "api": "api"}


class Wrong(AssertionError):
    """The node does not do what it is to do."""


def until(what, holds):
    """Waits until `holds()` is true and gives its value; a fault of the network counts as not yet."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if value := holds():
                return value
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise Wrong(f"in {PATIENCE} s: {what}")


class Node:
    """One node with a data folder of its own. Use it with `with`."""

    running = []

    def __init__(self, *settings, listeners=LISTENERS, folder=None):
        self.own = folder is None
        self.folder = Path(folder or tempfile.mkdtemp(prefix="cordon-live-"))
        self.data = self.folder / "data"
        self.settings = ["data_dir=" + str(self.data), "site=lakeside", "api.address=127.0.0.1:0", "store.flush_every=1s"]
        # these tests look for people by name; who sees whom is tested on its own
        self.settings += ["access.staff_pseudonyms=false"]
        self.settings += [f'intake.{name}=["127.0.0.1:0"]' if name in listeners else f"intake.{name}=[]" for name in LISTENERS]
        # what is set last is in force
        self.settings += settings
        self.process = None
        self.tokens = {}
        self.sessions = {}

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            Node.running = [node for node in Node.running if node is not self]
            if self.own:
                shutil.rmtree(self.folder, ignore_errors=True)

    def flags(self):
        return [part for setting in self.settings for part in ("--set", setting)]

    def start(self):
        said = self.folder / "said"
        with open(said, "w") as out, open(self.folder / "log", "a") as err:
            Node.running = [node for node in Node.running if node is not self] + [self]
            self.process = subprocess.Popen([BINARY, "serve", *self.flags()], stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
        wanted = ["api"] + [name for name in LISTENERS if f"intake.{name}=[]" not in self.settings]
        pattern = {name: re.compile(rf"^{SAID[name]} on 127\.0\.0\.1:(\d+)$", re.M) for name in wanted}

        def listens():
            self.alive()
            text = said.read_text()
            found = {name: one.search(text) for name, one in pattern.items()}
            return all(found.values()) and {name: int(one[1]) for name, one in found.items()}

        self.ports = until("the node says where it listens", listens)
        self.api = f"http://127.0.0.1:{self.ports['api']}"
        if "http" in self.ports:
            self.intake = f"http://127.0.0.1:{self.ports['http']}"
        until("the node is ready", lambda: requests.get(self.api + "/health/ready", timeout=10).status_code == 200)
        link = re.search(r"#first=(\S+)", said.read_text())
        self.first_link = link and link[1]
        return self

    def alive(self):
        if self.process.poll() is not None:
            raise Wrong(f"the node has ended with {self.process.returncode}\n{self.log_tail()}")

    def stop(self):
        """Ends the node in order; its data stays."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise Wrong(f"the node does not stop\n{self.log_tail()}") from None
        if process.returncode != 0:
            raise Wrong(f"the node ended with {process.returncode}\n{self.log_tail()}")

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def log_tail(self):
        lines = self.log().splitlines()[-60:] if (self.folder / "log").exists() else []
        return "\n".join(["the last lines of the node's log:", *lines])

    def run(self, command, *args, **options):
        """Runs the binary with the node's settings; gives what it prints."""
        done = subprocess.run([BINARY, command, *self.flags(), *args], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT, **options)
        assert done.returncode == 0, f"cordon {command}: {done.returncode}: {done.stderr}"
        return done.stdout.strip()

    def token(self, *args):
        """A token by `cordon token`."""
        if args not in self.tokens:
            self.tokens[args] = self.run("token", *args)
        return self.tokens[args]

    def sender(self, name):
        """A token by which a source proves itself, known to the running node."""
        token = self.token("--source", name)
        head = {"Authorization": f"Bearer {token}"}
        # an empty body is taken from who is known, and refused to anybody else
        ask = lambda: requests.post(self.intake + "/intake/v1/raw", headers=head, data=b"", timeout=30).status_code not in (401, 403)
        until(f"the node knows the token of {name}", ask)
        return token

    def ask(self, method, path, role="analyst", status=200, headers=None, **body):
        """A request to the API as a role; the answer when it has this status (any for None)."""
        if role not in self.sessions:
            session = requests.Session()
            session.headers["Authorization"] = f"Bearer {self.token('--role', role, '--name', f'test-{role}')}"
            self.sessions[role] = session
        send = lambda: self.sessions[role].request(method, self.api + path, headers=headers, timeout=120, **body)
        try:
            answer = send()
        except requests.ConnectionError:
            # a connection that rested too long was closed while the request was on its way
            answer = send()
        if status is not None and answer.status_code != status:
            raise Wrong(f"{method} {path} as {role}: {answer.status_code} instead of {status}: {answer.text[:2_000]}")
        return answer

    def sql(self, text, role="analyst"):
        answer = self.ask("POST", "/api/v1/events/sql", role, json={"sql": text, "limit": 1_000}).json()
        assert not answer["is_cut"], "more than 1,000 rows"
        return answer["rows"]

    def count(self, where="true"):
        return self.sql(f"SELECT count(*) AS n FROM events WHERE {where}")[0]["n"]

    def export(self, filter_text, role="analyst", form="ndjson"):
        """All events of a filter."""
        head = {"X-Cordon-Purpose": "security_investigation"}
        answer = self.ask("POST", "/api/v1/events/export", role, headers=head, json={"filter": filter_text, "format": form})
        return [json.loads(line) for line in answer.text.splitlines()] if form == "ndjson" else answer.text

    def metrics(self):
        """Values by name and labels, as they are written."""
        lines = requests.get(self.api + "/metrics", timeout=30).text.splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def settled(self):
        """Waits until everything received is judged and stands in the files of the event tables."""

        def is_done():
            self.alive()
            seen = self.metrics()
            durable, applied = seen["cordon_wal_durable_offset"], seen["cordon_tables_applied_offset"]
            return seen["cordon_intake_waiting_bytes"] == 0 and seen["cordon_street_behind_bytes"] == 0 and applied == durable

        until("everything received is judged and written", is_done)

    def arrived(self, where, count):
        """Waits until so many events are there; more are as wrong as fewer."""

        def enough():
            self.alive()
            return self.count(where) >= count

        try:
            until(f"{count} events where {where}", enough)
        except Wrong as wrong:
            raise Wrong(f"{wrong}: {self.count(where)}; drops: {self.drops()}\n{self.log_tail()}") from None
        self.settled()
        found = self.count(where)
        assert found == count, f"{found} events where {where} instead of {count}"

    def drops(self):
        return {name: value for name, value in self.metrics().items() if name.startswith("cordon_source_dropped_total")}
