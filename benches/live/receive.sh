#!/usr/bin/env bash
# Receiving and keeping alone: our listener for syslog over TCP with the node's own log, which is sealed and synced, and rsyslogd (rsyslog.sh), on the same lines.
#   EVENTS (1000000), DATA, LAKESIDE (a rendered Lakeside)
set -euo pipefail
cd "$(dirname "$0")"
events=${EVENTS:-1000000}
port=${PORT:-18491}
(cd ../.. && cargo build --quiet --release --locked --package cordon-node --example receive)
work=$(mktemp -d /var/tmp/cordon-receive.XXXXXX)
../../target/release/examples/receive "127.0.0.1:$port" "$work" "$events" & receiver=$!
trap 'kill $receiver 2>/dev/null || true; rm -rf "$work"' EXIT
sleep 1
target/release/live syslog --data "${DATA:-../../../shared/data}" --lakeside "$LAKESIDE" --to "127.0.0.1:$port" --events "$events"
wait $receiver
./rsyslog.sh
