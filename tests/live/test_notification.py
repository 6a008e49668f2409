"""Mail, webhook and SIEM of a running node, at real receivers, through an outage of ten minutes and a restart in its middle: each message comes, and once. The node
runs under an event clock that is 60 times faster than real time, so ten minutes of its own time take ten seconds."""

import json
import socket
import sqlite3
import time
from collections import Counter

import pytest

from node import Node, until
from receiver import Receiver

SECRET = "a secret of more than 16 bytes"
# 2026-11-22T12:00:00Z
START, SPEED = 1_795_348_800, 60
OUTAGE_SECONDS = 600
HOSTS = 12
RULE = """
title: A door was opened
id: 6f0e0c3e-24d0-4c5d-9b53-6a6f4c0f2a11
level: high
logsource: {product: linux, service: syslog}
detection:
  words: ['*the door was opened*']
  condition: words
"""


def clock(since):
    """The event clock as it stands now, for the next start of the node."""
    seconds = START + (time.monotonic() - since) * SPEED
    return f"event_clock={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))},{SPEED}"


def knock(node, hosts):
    with socket.create_connection(("127.0.0.1", node.ports["syslog_tcp"])) as connection:
        for number in hosts:
            connection.sendall(f"<13>1 - door-{number} gate - - - the door was opened\n".encode())


def outbox(node):
    """Messages by state and way, as the state of the node has them."""
    with sqlite3.connect(f"file:{node.data}/state.sqlite?mode=ro", uri=True, timeout=30) as state:
        return Counter((row[0], row[1].split(":")[0]) for row in state.execute("SELECT state, channel FROM outbox"))


@pytest.fixture
def told():
    with Receiver("mail_receiver.py") as mail, Receiver("http_receiver.py", SECRET) as http:
        yield mail, http


def settings(folder, mail, http):
    (folder / "secret").write_text(SECRET)
    (folder / "token").write_text("00000000-0000-0000-0000-000000000001")
    (folder / "rules").mkdir()
    (folder / "rules/door.yml").write_text(RULE)
    return [
        f'rules.folders=["{folder}/rules"]', "rules.profile=", "tell.gather=5s", "tell.window=12h",
        "smtp.host=127.0.0.1", f"smtp.port={mail.port}", "smtp.security=plain", "smtp.from=cordon@hospital.example",
        f'webhooks=[{{name="chat", url="http://127.0.0.1:{http.port}/hook", secret_file="{folder}/secret"}}]',
        f'siem=[{{name="soc", kind="hec", url="http://127.0.0.1:{http.port}", token_file="{folder}/token"}}]',
        'recipients=[{name="analysts", role="analyst", mail=["a@hospital.example", "b@hospital.example"], webhooks=["chat"]}]',
    ]


def test_an_outage_of_ten_minutes_and_a_restart_lose_no_message_and_send_none_twice(told, tmp_path):
    mail, http = told
    since = time.monotonic()
    with Node(*settings(tmp_path, mail, http), clock(since), listeners=["syslog_tcp"]) as node:
        knock(node, range(HOSTS))
        until("all are told before the outage", lambda: outbox(node) == {("sent", "mail"): 2 * HOSTS, ("sent", "webhook"): HOSTS})
        until("the SIEM has them too", lambda: doors(stream(http)).total() == HOSTS)
        mail.stop(), http.stop()
        down = time.monotonic()
        knock(node, range(HOSTS, 2 * HOSTS))
        until("messages of the outage wait", lambda: outbox(node)["waiting", "mail"] == 2 * HOSTS)
        node.stop()
        node.settings[-1] = clock(since)
        node.start()
        knock(node, range(2 * HOSTS, 3 * HOSTS))
        until("further ones wait beside them", lambda: outbox(node)["waiting", "mail"] == 4 * HOSTS)
        until("ten minutes of the node's time are over", lambda: (time.monotonic() - down) * SPEED > OUTAGE_SECONDS)
        assert outbox(node)["sent", "mail"] == 2 * HOSTS, "nobody listened"
        mail.start(), http.start()
        knock(node, range(3 * HOSTS, 4 * HOSTS))
        until("all are told in the end", lambda: outbox(node) == {("sent", "mail"): 8 * HOSTS, ("sent", "webhook"): 4 * HOSTS})
        check_mails(mail.lines)
        posts = [line for line in http.lines if line["path"] == "/hook"]
        check_posts(posts)
        until("the SIEM has every finding", lambda: doors(stream(http)).total() >= 4 * HOSTS)
        assert doors(stream(http)) == Counter(f"door-{number}" for number in range(4 * HOSTS))


def stream(http):
    return [line for line in list(http.lines) if line["path"] != "/hook"]


def check_mails(mails):
    until("every mail is read", lambda: len(mails) >= 8 * HOSTS)
    got = Counter((mail["rcpt"][0], host) for mail in mails for host in hosts_in(mail["text"]))
    assert got == Counter((to, f"door-{number}") for to in ("a@hospital.example", "b@hospital.example") for number in range(4 * HOSTS))
    assert len({mail["Message-ID"] for mail in mails}) == len(mails) == 8 * HOSTS
    assert all(mail["Auto-Submitted"] == "auto-generated" and mail["From"] for mail in mails)


def hosts_in(text):
    return {word.strip(".,:;()\"'") for word in text.split() if word.startswith("door-")}


def check_posts(posts):
    until("every webhook is read", lambda: len(posts) >= 4 * HOSTS)
    assert all(post["signed"] is True for post in posts)
    assert len({post["id"] for post in posts}) == len(posts)
    bodies = [json.loads(post["body"]) for post in posts]
    assert Counter(body["data"]["entity"]["name"] for body in bodies) == Counter(f"door-{number}" for number in range(4 * HOSTS))
    assert {(body["type"], body["data"]["level"], body["data"]["count"]) for body in bodies} == {("findings.news", "high", 1)}


def doors(requests):
    """Findings that reached the SIEM, by their door."""
    machines = [json.loads(event)["event"].get("machine") for request in requests for event in request["body"].splitlines()]
    return Counter(machine for machine in machines if machine and machine.startswith("door-"))
