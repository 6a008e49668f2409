"""schemathesis asks every operation of the description of a running node that has events, findings and accounts: no 5xx, nothing against the description, and every
operation answers to an id that is there. What is told beyond its defaults stands in `tests/api/schemathesis.toml`."""

import json
import os
import subprocess
import time
from collections import defaultdict

from node import BINARY, ENVIRONMENT, PATIENCE, PYTHON, ROLES, ROOT, Node

# Examples of each operation and seconds for all of them; more of both when somebody looks for faults: EXAMPLES=200 SECONDS_MAX=3600 SEED=7.
EXAMPLES, SECONDS_MAX, SEED = (os.environ.get(name, default) for name, default in (("EXAMPLES", "6"), ("SECONDS_MAX", "300"), ("SEED", "1")))
# Values of bodies and headers that mean something to this node.
SENSE = {
    "body.sql": ["SELECT count(*) AS n FROM events", "SELECT event_table, time FROM events LIMIT 3", "EXPLAIN SELECT * FROM identity"],
    "body.filter": ["user:jdoe", "class:3002 last:24h", ""],
    "body.reason": ["schemathesis looks for faults"],
    "header.If-Match": ['"0"', '"1"', '"2"'],
}
# Of a node without a provider of sign-in they say so; with one they send the browser elsewhere (`test_sign_in.py`).
WITHOUT_PROVIDER = {"GET /api/v1/sign-in/provider", "GET /api/v1/sign-in/provider/callback"}
LISTS = {"findings": "id", "finding-groups": "id", "rules": "id", "sources": "id", "jobs": "id", "mutes": "id", "saved-searches": "id", "settings": "name", "users": "id"}


def filled(node):
    """Something of everything; gives the ids by the name of their list."""

    def make(path, body=None, method="POST"):
        answer = node.ask(method, f"/api/v1/{path}", "all", None, json=body)
        for _ in range(60):
            if answer.status_code != 429:
                break
            time.sleep(1)  # so many jobs run at a time and no more
            answer = node.ask(method, f"/api/v1/{path}", "all", None, json=body)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"

    token = node.folder / "import.token"
    token.write_text(node.sender("import"))
    evening = [BINARY, "import", "--url", node.intake, "--token-file", token, "--no-progress", ROOT / "fixtures/lakeside/evening"]
    subprocess.run(evening, check=True, capture_output=True, timeout=PATIENCE, env=ENVIRONMENT)
    node.settled()
    for number in range(8):
        make("tokens", {"name": f"guessed-{number}", "roles": ["auditor"], "days": 1})
        make("users", {"name": f"user-{number}", "roles": ["analyst"]})
        make("jobs/verify")
        make("saved-searches", {"name": f"search {number}", "query": "user:jdoe", "is_shared": False})
        known = {"kind": "exception", "site": "lakeside", "reason": "it is known", "entity": {"kind": "user", "name": f"u{number}"}}
        make("mutes", known)
    rule = node.ask("GET", "/api/v1/rules", "all").json()["items"][0]["id"]
    make(f"rules/{rule}", {"is_enabled": True}, "PATCH")
    ids = {name: [item[member] for item in node.ask("GET", f"/api/v1/{name}", "all").json()["items"]][:20] for name, member in LISTS.items()}
    # an id with a slash in it is not sent as one part of a path
    ids["sources"] = [id for id in ids["sources"] if "/" not in id]
    ids["events"] = [event["event_id"] for event in node.export("", "all")[::100]]
    ids["tokens"] = [item["id"] for item in node.ask("GET", "/api/v1/tokens", "all").json()["items"] if item["name"].startswith("guessed")]
    assert all(ids.values()), {name: len(values) for name, values in ids.items()}
    return ids


def settings(folder, description, ids):
    """What schemathesis is told: its own file, and for each path with an id the ids that are there."""
    text = (ROOT / "tests/api/schemathesis.toml").read_text()
    for name, values in (ids | SENSE).items():
        text += f'\n[dictionaries."{name}"]\nvalues = {json.dumps(values)}\n'
    text += "\n[parameters]\n" + "".join(f'"{name}" = {{ dictionary = "{name}", probability = 0.5 }}\n' for name in SENSE)
    for path in description["paths"]:
        if "{" in path:
            member, name = path.split("{")[1].split("}")[0], path.split("/{")[0].split("/")[-1]
            if name not in ids:
                continue
            binding = f'{{ dictionary = "{name}", probability = 0.7 }}'
            text += f'\n[[operations]]\ninclude-path = "{path}"\nparameters = {{ "path.{member}" = {binding} }}\n'
    file = folder / "schemathesis.toml"
    file.write_text(text)
    return file


def test_every_operation_keeps_to_its_description(tmp_path):
    with Node("log.level=warn", 'sources=[{id="ehr-audit", listener="http", sender="ehr-audit"}]', listeners=["http"]) as node:
        all_roles = [part for role in ROLES for part in ("--role", role)]
        node.tokens[("--role", "all", "--name", "test-all")] = node.run("token", *all_roles, "--name", "test-all")
        description = node.ask("GET", "/api/v1/openapi.json", "all").json()
        names = [operation["operationId"] for methods in description["paths"].values() for operation in methods.values()]
        assert len(names) == len(set(names)), "an operation has the name of another"
        ids = filled(node)
        config = settings(tmp_path, description, ids)
        report = tmp_path / "report.ndjson"
        # one worker: with two CPython 3.11 may fail with "AST constructor recursion depth mismatch" (gh-106905) while hypothesis reads lambdas
        command = [
            PYTHON.parent / "st", "--config-file", config, "run", f"{node.api}/api/v1/openapi.json", "--url", node.api,
            "--header", f"Authorization: Bearer {node.tokens[('--role', 'all', '--name', 'test-all')]}", "--checks", "all", "--seed", SEED,
            "--max-examples", EXAMPLES, "--max-time", SECONDS_MAX, "--workers", "1", "--request-timeout", "20", "--no-color",
            "--report", "ndjson", "--report-ndjson-path", report,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=int(SECONDS_MAX) + 2 * PATIENCE, check=False, env=ENVIRONMENT)
        print(done.stdout[-20_000:], done.stderr[-5_000:])
        node.alive()
        assert done.returncode == 0, "schemathesis has found something, see above"
        assert "panicked" not in node.log()
        check_statuses(statuses(report), description, ids)


def statuses(report):
    """The statuses that each operation answered with."""
    found = defaultdict(set)
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for interaction in recorder.get("interactions", {}).values():
            if response := interaction.get("response"):
                found[recorder["label"]].add(response["status_code"])
    return found


def check_statuses(found, description, ids):
    """Every operation was asked, and every one that reads what is there answered with it."""
    operations = {f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods}
    assert operations <= set(found), operations - set(found)
    assert not {status for statuses in found.values() for status in statuses if status >= 500 and status != 503}
    assert all(found[operation] <= {400, 404, 405} for operation in WITHOUT_PROVIDER), {operation: found[operation] for operation in WITHOUT_PROVIDER}
    is_there = lambda operation: operation not in WITHOUT_PROVIDER and ("{" not in operation or operation.split("/{")[0].split("/")[-1] in ids)
    assert {operation for operation in operations if operation.startswith("GET") and is_there(operation) and 200 not in found[operation]} == set()
