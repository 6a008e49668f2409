#!/usr/bin/env bash
# Debian's rsyslogd taking the syslog part of stream S over one TCP connection and writing it to a file: events per second of its processor time.
#   EVENTS (1000000), DATA, LAKESIDE (a rendered Lakeside)
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d /var/tmp/cordon-rsyslog.XXXXXX)
port=${PORT:-18490}
cat >"$work/rsyslog.conf" <<CONF
module(load="imtcp")
input(type="imtcp" port="$port" address="127.0.0.1" ruleset="keep")
ruleset(name="keep") { action(type="omfile" file="$work/out.log") }
CONF
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/pid" & daemon=$!
trap 'kill $daemon 2>/dev/null || true; wait $daemon 2>/dev/null || true; rm -rf "$work"' EXIT
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.1; done
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$daemon/stat"; }
before=$(ticks)
target/release/live syslog --data "${DATA:-../../../shared/data}" --lakeside "$LAKESIDE" --to "127.0.0.1:$port" --events "${EVENTS:-1000000}"
while [ "$(wc -l <"$work/out.log")" -lt "${EVENTS:-1000000}" ]; do sleep 0.2; done
after=$(ticks)
awk -v ticks=$((after - before)) -v events="${EVENTS:-1000000}" \
    'BEGIN { printf "rsyslogd: %d events in the file, %.2f s of processor time, %.0f events per processor second\n", events, ticks / 100, events * 100 / ticks }'
rsyslogd -v | head -1
