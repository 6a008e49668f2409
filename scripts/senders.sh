#!/usr/bin/env bash
# The Python packages that tests use as real senders and receivers, in one environment below target/. Does nothing when they are there.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=target/senders-venv
wanted=tests/senders/requirements.txt
mkdir -p target
exec 9>target/.senders-venv.lock
flock 9
if [ -f "$venv/installed.txt" ] && cmp -s "$wanted" "$venv/installed.txt"; then
    exit 0
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$venv/installed.txt"
