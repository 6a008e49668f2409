"""A receiver of `tests/senders` as a process of its own: mail, webhooks, SIEMs. What it gets is read as it prints it; it can be ended and started again at its port."""

import json
import socket
import subprocess
import threading

from node import ENVIRONMENT, PYTHON, ROOT, Wrong


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


class Receiver:
    """`lines` are all that was received, over every start."""

    def __init__(self, script, *args):
        self.port, self.script, self.args, self.lines, self.process = free_port(), script, args, [], None
        self.prints_json = script != "line_receiver.py"

    def start(self):
        command = [PYTHON, ROOT / "tests/senders" / self.script, str(self.port), *self.args]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        if self.process.stdout.readline() != f"listening {self.port}\n":
            raise Wrong(f"{self.script} does not listen on {self.port}")
        threading.Thread(target=self.read, args=[self.process.stdout], daemon=True).start()

    def read(self, output):
        for line in output:
            self.lines.append(json.loads(line) if self.prints_json else line.rstrip("\n"))

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
