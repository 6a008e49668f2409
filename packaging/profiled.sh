#!/usr/bin/env bash
# The fastest binary, its code laid out by what a node does (profile-guided optimisation): a build that counts, some work with it, and a build by these counts.
# The work is Lakeside's, of other days and another seed than those that `make bench-live` draws its accesses, Zeek and syslog from; its Windows records are others.
# Needs the compiler's own llvm-profdata: `rustup component add llvm-tools`.
set -euo pipefail
cd "$(dirname "$0")/.."
profdata=$(rustc --print target-libdir)/../bin/llvm-profdata
[ -x "$profdata" ] || { echo "*** llvm-profdata is absent: rustup component add llvm-tools ***"; exit 2; }
port=${PROFILED_PORT:-18492}
counts=$PWD/target/profiled/counts
work=$(mktemp -d)
trap 'kill "${node:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
rm -rf "$counts"
scripts/console.sh
export LLVM_PROFILE_FILE="$counts/%m.profraw"

counting=${COUNTING:-target/profiled/release/cordon}
if [ -z "${COUNTING:-}" ]; then
    RUSTFLAGS="-Cprofile-generate=$counts" cargo build --release --locked --package cordon --target-dir target/profiled
fi
cargo run --quiet --locked --package xtask -- lakeside --days 2 --seed 7 --start 2026-02-03 --story none --out "$work/quiet" >/dev/null

for extra in "" --mask; do # shellcheck disable=SC2086
    "$counting" scan --format ocsf $extra --output "$work/events.ndjson" "$work/quiet" fixtures/lakeside/evening >/dev/null 2>&1 || [ $? -eq 1 ]
done
settings=(--set "data_dir=$work/data" --set "api.address=127.0.0.1:$port" --set "intake.http=[\"127.0.0.1:$((port + 1))\"]" --set 'intake.syslog_udp=[]'
    --set 'intake.syslog_tcp=[]' --set 'intake.mllp=[]' --set 'intake.relp=[]' --set 'intake.syslog_tls=[]')
"$counting" serve "${settings[@]}" >"$work/serve.log" 2>&1 &
node=$!
until curl --silent --fail "http://127.0.0.1:$port/health/ready" >/dev/null; do
    kill -0 "$node" || { cat "$work/serve.log" >&2; exit 1; }
    sleep 0.2
done
"$counting" token "${settings[@]}" --source import >"$work/token"
sleep 3 # a running node knows new tokens after two seconds
for path in "$work/quiet" fixtures/lakeside/evening; do
    "$counting" import --url "http://127.0.0.1:$((port + 1))" --token-file "$work/token" --no-progress "$path" >/dev/null
done
sleep 5 # what was imported is written to files
kill -INT "$node"
wait "$node"
"$profdata" merge --output target/profiled/cordon.profdata "$counts"
RUSTFLAGS="-Cprofile-use=$PWD/target/profiled/cordon.profdata" cargo build --profile dist --locked --package cordon --target-dir target/profiled
echo "target/profiled/dist/cordon"
