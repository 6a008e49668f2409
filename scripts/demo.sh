#!/usr/bin/env bash
# The main job on what the repository holds: a node on loopback with Lakeside's quiet days as history, and its evening replayed as if it happened now.
# Stays up until Ctrl-C. DEMO_SECONDS=N ends it after N seconds; DEMO_SPEED is how much faster than real time the evening goes (default 120);
# DEMO_RULES=off leaves out every rule, so that only what was learnt and the privacy review speak.
set -euo pipefail
cd "$(dirname "$0")/.."
speed=${DEMO_SPEED:-120}
target=${CARGO_TARGET_DIR:-target}
api=127.0.0.1:${DEMO_PORT:-8480}
intake=127.0.0.1:${DEMO_INTAKE_PORT:-8481}
scripts/console.sh >/dev/null
# the whole workspace, as `make test` builds it: one package alone has other features and would compile hundreds of dependencies again
cargo build --quiet --locked --workspace --bins
# the week before and the day itself until the evening, as dense as the evening: what is usual is learnt from them
quiet=("$target/debug/xtask" lakeside --seed 318 --events-per-day 7500 --story none)
rm -rf "$target/demo-quiet"
"${quiet[@]}" --out "$target/demo-quiet/week" --days 7 --start 2026-03-11 >/dev/null
"${quiet[@]}" --out "$target/demo-quiet/day" --days 1 --start 2026-03-18 --hours 0-18 >/dev/null
cordon=$(realpath "$target/debug/cordon")
work=$(mktemp -d)
settings=(--set "data_dir=$work/data" --set site=lakeside --set "api.address=$api" --set "intake.http=[\"$intake\"]"
    --set 'intake.syslog_udp=[]' --set 'intake.syslog_tcp=[]' --set 'intake.mllp=[]' --set 'intake.relp=[]' --set 'intake.syslog_tls=[]'
    --set "event_clock=2026-03-18T18:00:00Z,$speed" --set "privacy.context_dir=$PWD/fixtures/lakeside/context" --set privacy.review_every=30m)
[ "${DEMO_RULES:-on}" = on ] || settings+=(--set rules.packs=false)
"$cordon" serve "${settings[@]}" >"$work/serve.log" 2>"$work/serve.err" &
node=$!
trap 'kill "$node" 2>/dev/null; wait "$node" 2>/dev/null; rm -rf "$work"' EXIT
until curl --silent --fail "http://$api/health/ready" >/dev/null; do
    kill -0 "$node" 2>/dev/null || { cat "$work/serve.err" >&2; exit 1; }
    sleep 0.2
done
password=$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n')
"$cordon" user "${settings[@]}" --name demo --role analyst --role privacy_officer <<<"$password"
# names are shown when two people of two roles agree: the other one
"$cordon" user "${settings[@]}" --name second --role responder <<<"$password"
"$cordon" token "${settings[@]}" --source import >"$work/import.token"
"$cordon" token "${settings[@]}" --source replay >"$work/replay.token"
"$cordon" token "${settings[@]}" --role analyst --name demo >"$work/analyst.token"
sleep 3 # a running node knows new tokens after two seconds
printf '\n  Cordon runs at http://%s\n  sign in as demo with the password %s
  (staff appear by pseudonyms; a name is shown when demo asks for it and the user second, same password, agrees)\n\n' "$api" "$password"
"$cordon" import --url "http://$intake" --token-file "$work/import.token" --no-progress "$target/demo-quiet"
printf 'history is loaded: quiet days of Lakeside. Now its evening, %s times faster than it happened:\n' "$speed"
"$cordon" replay --url "http://$intake" --token-file "$work/replay.token" --speed "$speed" --from 2026-03-18T18:00:00Z --no-progress fixtures/lakeside/evening &
replay=$!
end=$((SECONDS + ${DEMO_SECONDS:-1000000}))
seen=0
while [ $SECONDS -lt $end ] && kill -0 "$node" 2>/dev/null; do
    found=$(curl --silent --header "Authorization: Bearer $(cat "$work/analyst.token")" "http://$api/api/v1/findings?limit=200" || true)
    now=$({ grep -o '"seq":' <<<"$found" || true; } | wc -l)
    if [ "$now" -ne "$seen" ]; then
        printf '%s  %s findings\n' "$(date +%T)" "$now"
        seen=$now
    fi
    sleep 2
done
kill "$replay" 2>/dev/null || true
