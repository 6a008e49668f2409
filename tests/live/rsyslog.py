"""Debian's rsyslogd as a real sender: follows a file and sends each line on. Ended with the block that uses it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from node import ROOT, Wrong

PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
# For every action: nothing is given up, and the message has its RFC 5424 form.
ALWAYS = 'template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1" action.resumeInterval="1"'


def tcp(port, framing):
    return f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="{framing}" {ALWAYS})'


def tls(port, authority):
    return (
        f'global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{authority}")\n'
        f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" '
        f'StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost" {ALWAYS})'
    )


def relp(port):
    return f'module(load="omrelp")\naction(type="omrelp" target="127.0.0.1" port="{port}" timeout="10" conn.timeout="5" {ALWAYS})'


class Rsyslog:
    """One rsyslogd with an action; `host` and `tag` stand in its messages."""

    def __init__(self, action, host, tag):
        subprocess.run([ROOT / "scripts/rsyslog.sh"], check=True)
        self.folder = Path(tempfile.mkdtemp(prefix="cordon-rsyslog-"))
        self.input = self.folder / "input.log"
        self.input.write_text("")
        (self.folder / "rsyslog.conf").write_text(
            f'global(workDirectory="{self.folder}" localHostname="{host}")\nmodule(load="imfile")\n'
            f'input(type="imfile" File="{self.input}" Tag="{tag}:" Facility="local4" Severity="notice")\n{action}\n'
        )
        self.process = None

    def __enter__(self):
        command = ["rsyslogd", "-n", "-f", str(self.folder / "rsyslog.conf"), "-i", str(self.folder / "pid")]
        with open(self.folder / "said", "w") as said:
            env = os.environ | {"PATH": PATH}
            self.process = subprocess.Popen(command, env=env, cwd=self.folder, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        ended = self.process.poll()
        self.process.kill()
        self.process.wait()
        said = (self.folder / "said").read_text()
        shutil.rmtree(self.folder, ignore_errors=True)
        if ended is not None:
            raise Wrong(f"rsyslogd ended with {ended}: {said}")

    def write(self, lines):
        with open(self.input, "a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
