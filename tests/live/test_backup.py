"""`cordon verify`, `cordon backup` and `cordon restore` with a real node: proven and backed up while events flow, killed in the middle, restored elsewhere, started, and held
against what was acknowledged."""

import hashlib
import json
import signal
import subprocess
import threading
import time

import pytest
import requests

from node import BINARY, ENVIRONMENT, PATIENCE, ROOT, Node, until

# Records of one request of the load.
BATCH = 50


def cordon(*args, code=0):
    """Runs a command that ends with this code; gives both streams."""
    done = subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT)
    assert done.returncode == code, f"cordon {args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout, done.stderr


def verified(*args, code=0):
    return json.loads(cordon("verify", "--format", "json", *args, code=code)[0])


class Load:
    """Sends numbered records until it is told to end, and remembers which were acknowledged."""

    def __init__(self, node):
        self.url, self.token = node.intake + "/intake/v1/raw", node.sender("load")
        self.acknowledged, self.ends = [], threading.Event()
        self.thread = threading.Thread(target=self.send, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join(PATIENCE)

    def send(self):
        number, head = 0, {"Authorization": f"Bearer {self.token}"}
        with requests.Session() as session:
            while not self.ends.is_set():
                lines = [line(number + one) for one in range(BATCH)]
                answer = session.post(self.url, headers=head, data="\n".join(lines).encode() + b"\n", timeout=120)
                if answer.status_code == 200:
                    self.acknowledged += [hashlib.sha256(text.encode()).hexdigest() for text in lines]
                number += BATCH

    def reaches(self, count):
        until(f"{count} records are acknowledged", lambda: len(self.acknowledged) >= count)


def line(number):
    return f'<86>1 2026-03-18T20:00:00Z ward-1 sshd {number} - - Failed password for user-{number} from 10.9.0.{number % 250} port 22 ssh2'


def findings(node):
    """All findings by id."""
    found, after = {}, None
    while True:
        query = {"limit": 500} | ({"cursor": after} if after else {})
        page = node.ask("GET", "/api/v1/findings", params=query).json()
        found |= {one["id"]: one for one in page["items"]}
        after = page.get("next")
        if not after:
            return found


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory):
    """A node that was backed up under load, what it was then, and what was restored; the node has stopped."""
    folder = tmp_path_factory.mktemp("backup")
    backup, restored = folder / "backup", folder / "restored"
    with Node(listeners=("http",)) as node:
        importer = folder / "import.token"
        importer.write_text(node.token("--source", "import"))
        until("the node knows the importer", lambda: import_evening(node, importer))
        node.settled()
        told = findings(node)
        arguments = ["--url", node.api, "--data-dir", node.data, "--no-progress"]
        with Load(node) as load:
            load.reaches(500)
            live = verified(*arguments)
            kill_in_the_middle(arguments, backup)
            _, said = cordon("backup", *arguments, backup)
            load.reaches(len(load.acknowledged) + 200)
            before = len(load.acknowledged)
            _, second = cordon("backup", *arguments, backup)
        acknowledged = load.acknowledged
        node.settled()
        key = folder / "master.key"
        key.write_bytes((node.data / "master.key").read_bytes())
        cordon("restore", "--check", backup, "--key-file", key)
        cordon("restore", backup, "--data-dir", restored / "data", "--key-file", key)
        proof = verified("--data-dir", restored / "data", "--no-progress")
        everything = findings(node)
        yield {
            "said": said,
            "second": second,
            "acknowledged": acknowledged,
            "before": before,
            "told": told,
            "everything": everything,
            "live": live,
            "proof": proof,
            "node": node,
            "restored": restored,
            "backup": backup,
            "key": key,
        }


def import_evening(node, token):
    done = subprocess.run(
        [BINARY, "import", "--url", node.intake, "--token-file", token, "--no-progress", ROOT / "fixtures/lakeside/evening"],
        capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT,
    )
    return done.returncode in (0, 3)


def kill_in_the_middle(arguments, backup):
    """A backup that is killed once it has brought files and before it is finished."""
    running = subprocess.Popen([BINARY, "backup", *map(str, arguments), backup], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    begun, end = backup / "begun", time.monotonic() + PATIENCE
    while time.monotonic() < end and running.poll() is None:
        if begun.exists() and begun.read_text().count("\n") > 3:
            running.send_signal(signal.SIGKILL)
            break
    running.wait(PATIENCE)
    assert running.returncode == -signal.SIGKILL, f"it ended with {running.returncode} before it could be killed"
    assert not (backup / "manifest").exists()
    _, said = cordon("restore", "--check", backup, "--key-file", "/dev/null", code=2)
    assert "holds no finished backup" in said


def test_a_backup_that_was_killed_is_continued_and_the_next_copies_only_what_is_new(backed_up):
    assert "a backup that had been broken off was continued" in backed_up["said"]
    assert "THE MASTER KEY IS NOT IN IT" in backed_up["said"]
    assert "broken off" not in backed_up["second"] and "backup 2 in " in backed_up["second"]
    manifest = json.loads((backed_up["backup"] / "manifest").read_text().splitlines()[0])
    assert manifest["number"] == 2
    assert sorted(one["sha256"] for one in manifest["files"]) == sorted(path.name for path in (backed_up["backup"] / "files").iterdir())


def test_a_running_node_proves_its_store_and_so_does_what_was_restored(backed_up):
    for proof, asked in (backed_up["live"], True), (backed_up["proof"], False):
        assert proof["whole"] and proof["asked_the_node"] is asked, proof
        counts = {part["part"]: part["counts"] for part in proof["parts"]}
        assert counts["across"]["records"] > 500 and counts["across"]["rows"] >= counts["across"]["records"]
        assert counts["across"]["places_cited"] > 0 and counts["state"]["audit_rows"] > 0


def test_a_node_started_on_the_restored_store_has_everything_once_and_finds_the_same(backed_up):
    backed_up["node"].stop()
    with Node(listeners=("http",), folder=backed_up["restored"]) as node:
        node.settled()
        rows = node.export("source=http/load")
        hashes = [row["record_sha256"] for row in rows]
        assert len(hashes) == len(set(hashes)), "a record stands there twice"
        missing = set(backed_up["acknowledged"][: backed_up["before"]]) - set(hashes)
        assert not missing, f"{len(missing)} records acknowledged before the backup are not there"
        # more than was acknowledged by then: what was sent but not yet answered; nothing that was never sent
        numbers = {hashlib.sha256(line(number).encode()).hexdigest() for number in range(len(backed_up["acknowledged"]) + 2 * BATCH)}
        assert set(hashes) <= numbers
        found = findings(node)
        lost = backed_up["told"].keys() - found.keys()
        assert not lost, f"{len(lost)} of {len(backed_up['told'])} findings told before the backup are not there"
        # a correlation may wait for a source that is silent, and be found only after the node that was backed up was asked
        later = [found[key] for key in found.keys() - backed_up["everything"].keys()]
        more = [one for one in later if one["explanation"]["origin"]["kind"] == "event"]
        assert not more, f"{len(more)} of {len(found)}, first {more[0]}"
        places = {row["record_sha256"] for row in rows}
        of_rows = {key for key, one in backed_up["everything"].items() if one["explanation"]["record"]["sha256"] in places}
        assert of_rows <= found.keys(), "findings about records that are there"
        for key in found.keys() & backed_up["everything"].keys():
            one, same = found[key], backed_up["everything"][key]
            assert (one["rule"], one["explanation"]["record"], one["time"]) == (same["rule"], same["explanation"]["record"], same["time"])
        assert node.ask("POST", "/api/v1/audit/verify", role="auditor").json()["rows"] > 0
        assert verified("--url", node.api, "--data-dir", node.data, "--no-progress")["whole"]


def test_damage_and_wrong_use_are_told_by_the_exit_code(backed_up, tmp_path):
    backup, key = backed_up["backup"], backed_up["key"]
    data = tmp_path / "data"
    cordon("restore", backup, "--data-dir", data, "--key-file", key)
    _, said = cordon("restore", backup, "--data-dir", data, "--key-file", key, code=2)
    assert "is not empty" in said
    _, said = cordon("restore", backup, "--data-dir", tmp_path / "other", code=2)
    assert "the master key is in no backup" in said
    cordon("verify", "--data-dir", tmp_path / "nowhere", code=2)
    altered = next(path for path in (backup / "files").iterdir() if path.stat().st_size > 200)
    content = bytearray(altered.read_bytes())
    content[7] ^= 1
    altered.unlink()
    altered.write_bytes(content)
    _, said = cordon("restore", backup, "--data-dir", tmp_path / "third", "--key-file", key, code=2)
    assert altered.name in said and not (tmp_path / "third").exists()


def test_a_stopped_node_is_backed_up_as_well(tmp_path):
    with Node(listeners=("http",)) as node:
        with Load(node) as load:
            load.reaches(200)
        node.settled()
        node.stop()
        keys = (node.data / "keys.ring").read_bytes()
        cordon("backup", "--data-dir", node.data, "--no-progress", tmp_path / "backup")
        assert (node.data / "keys.ring").read_bytes() == keys and not (node.data / "frozen").exists()
        _, said = cordon("backup", "--data-dir", node.data, node.data / "within", code=2)
        assert "lies within the store" in said
        cordon("restore", tmp_path / "backup", "--data-dir", tmp_path / "data", "--key-file", node.data / "master.key")
        assert verified("--data-dir", tmp_path / "data")["whole"]
        evidence = sorted((tmp_path / "data/evidence").glob("*.evidence"))[0]
        content = bytearray(evidence.read_bytes())
        content[100] ^= 1
        evidence.write_bytes(content)
        out, _ = cordon("verify", "--data-dir", tmp_path / "data", code=1)
        assert "evidence  DAMAGED" in out and f"{evidence.name}: the block at offset" in out
        # without a backup of its own folder the node goes on where it was
        assert verified("--data-dir", node.data)["whole"]
        node.start()
        assert node.count("source = 'http/load'") == len(load.acknowledged)


def stopped_in_the_middle(arguments, backup):
    """A backup that stands still once it has brought files."""
    running = subprocess.Popen([BINARY, "backup", *map(str, arguments), backup], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    begun, end = backup / "begun", time.monotonic() + PATIENCE
    while time.monotonic() < end and running.poll() is None:
        if begun.exists() and begun.read_text().count("\n") > 2:
            running.send_signal(signal.SIGSTOP)
            break
    assert running.poll() is None, f"it ended with {running.returncode} before it could be stopped"
    return running


def goes_on(running, code):
    running.send_signal(signal.SIGCONT)
    _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == code, said
    return said


@pytest.fixture
def loaded():
    """A node with something in it, the arguments of its backups, and a key to restore them with."""
    with Node(listeners=("http",)) as node:
        with Load(node) as load:
            load.reaches(500)
        node.settled()
        yield node, ["--url", node.api, "--data-dir", node.data, "--no-progress"]


def whole(node, backup):
    cordon("restore", "--check", backup, "--key-file", node.data / "master.key")


def test_a_second_backup_at_the_same_time_is_refused_and_the_first_stays_whole(loaded, tmp_path):
    node, arguments = loaded
    first = stopped_in_the_middle(arguments, tmp_path / "one")
    _, said = cordon("backup", *arguments, tmp_path / "two", code=2)
    assert "is being made: wait until it has ended, or end it" in said and not (tmp_path / "two").exists()
    refused = node.ask("POST", "/api/v1/jobs/freeze", "administrator", status=409)
    assert refused.headers["content-type"] == "application/problem+json"
    assert "a moment is frozen already" in refused.json()["detail"]
    assert "backup 1 in " in goes_on(first, 0)
    whole(node, tmp_path / "one")
    assert not (node.data / "frozen").exists()
    cordon("backup", *arguments, tmp_path / "two")
    whole(node, tmp_path / "two")


def test_a_node_that_starts_again_meanwhile_gives_the_moment_up_and_the_backup_before_stays(loaded, tmp_path):
    node, arguments = loaded
    backup = tmp_path / "backup"
    cordon("backup", *arguments, backup)
    before = (backup / "manifest").read_bytes()
    running = stopped_in_the_middle(arguments, backup)
    node.process.kill()
    node.process.wait()
    node.start()
    said = goes_on(running, 2)
    assert "the frozen moment was given up meanwhile" in said, said
    assert (backup / "manifest").read_bytes() == before
    whole(node, backup)
    arguments[1] = node.api
    _, said = cordon("backup", *arguments, backup)
    assert "backup 2 in " in said
    whole(node, backup)


def test_a_folder_with_something_else_in_it_is_left_as_it_is(loaded, tmp_path):
    node, arguments = loaded
    home = tmp_path / "home"
    (home / "files").mkdir(parents=True)
    (home / "files/letter").write_text("mine")
    _, said = cordon("backup", *arguments, home, code=2)
    assert "is not empty and holds no backup" in said
    assert [path.name for path in home.iterdir()] == ["files"] and (home / "files/letter").read_text() == "mine"
    (tmp_path / "link").symlink_to(node.data)
    _, said = cordon("backup", *arguments, tmp_path / "link/backup", code=2)
    assert "lies within the store" in said
    _, said = cordon("backup", *arguments, node.data.parent, code=2)
    assert "is not empty and holds no backup" in said
    assert not (node.data / "frozen").exists()


def test_a_disk_without_room_for_the_backup_is_told_and_the_node_is_not_concerned(loaded, tmp_path):
    node, arguments = loaded
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "cordon-test", small], capture_output=True, check=False).returncode:
        pytest.skip("a file system in memory cannot be mounted by this user")
    try:
        _, said = cordon("backup", *arguments, small, code=2)
        assert "no room is left there; free some and run it again" in said
        assert not (node.data / "frozen").exists() and not (small / "manifest").exists()
        with Load(node) as load:
            load.reaches(200)
        subprocess.run(["mount", "-o", "remount,size=256m", small], check=True)
        _, said = cordon("backup", *arguments, small)
        assert "a backup that had been broken off was continued" in said
        whole(node, small)
    finally:
        subprocess.run(["umount", "-l", small], check=False)
