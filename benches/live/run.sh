#!/usr/bin/env bash
# Measures a live node under stream S (docs/measurements/live.md): builds, renders Lakeside, checks that every event of S has rules that look at it, and runs.
#   SECONDS_FULL, SECONDS_HALF   how long to send at full speed and at half of it (30, 20)
#   CORDON                       a binary to measure instead of building one
#   PROFILE                      cargo profile to build it with (dist)
#   RULES                        folder with Sigma rules (SigmaHQ's of the outside material)
#   ENDURE                       instead of all that: send at full speed for so many seconds and print the node's memory all the while, its setting at MEMORY (1GiB),
#                                its disk budget at DISK (12GiB), its log at 1 GiB at most
#   UNDER                        what the node is started by, for example `systemd-run --scope -p MemoryMax=1G -p MemorySwapMax=0`
#   CALM=1                       Windows records of which rules speak come once in a thousand instead of every sixth
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${DATA:-../shared/data}
rules=${RULES:-$data/sigma}
profile=${PROFILE:-dist}
work=${WORK:-$(mktemp -d /var/tmp/cordon-live.XXXXXX)}
trap 'rm -rf "$work/node" "$work/sample" "$work/lakeside"' EXIT
[ -d "$data/evtx-attack-samples" ] || { echo "*** $data/evtx-attack-samples is absent: stream S cannot be made ***"; exit 2; }

if [ -z "${CORDON:-}" ]; then
    cargo build --profile "$profile" --locked --package cordon
    CORDON=target/$profile/cordon
fi
(cd benches/live && cargo build --quiet --release --locked)
live=benches/live/target/release/live
mkdir -p "$work/sample"
cargo run --quiet --locked --package xtask -- lakeside --days 1 --seed 11 --story none --out "$work/lakeside" >/dev/null
material=(--data "$data" --lakeside "$work/lakeside")
if [ -n "${CALM:-}" ]; then
    "$live" windows --data "$data" --out "$work/windows.jsonl"
    "$CORDON" scan --rules rules --rules "$rules" --format ndjson "$work/windows.jsonl" >"$work/spoken-of.ndjson" 2>/dev/null || [ $? -eq 1 ]
    material+=(--calm "$work/spoken-of.ndjson")
fi

if [ -n "${UNDER:-}" ]; then
    material+=(--under "$UNDER")
fi

echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1-3 /proc/loadavg), $(date -u +%FT%TZ)"
if [ -n "${ENDURE:-}" ]; then
    printf '[store]\nwal_bytes_max = "1GiB"\n[retention]\nbytes_max = "%s"\n' "${DISK:-12GiB}" >"$work/more.toml"
    "$live" endure "${material[@]}" --cordon "$CORDON" --rules "$(realpath "$rules")" --dir "$work/node" --config "$work/more.toml" \
        --memory "${MEMORY:-1GiB}" --seconds "$ENDURE"
    exit
fi
"$live" sample "${material[@]}" --out "$work/sample" --events 200000
said=$("$CORDON" scan --rules rules --rules "$rules" --rules-cache none --format ndjson "$work/sample" 2>&1 >/dev/null || [ $? -eq 1 ])
grep -E '^[0-9]+ files|^findings:' <<<"$said"
if grep -E 'a rule looks at the log sources of|no rule looks' <<<"$said"; then
    echo "*** some events of S are routed to no rule ***"; exit 1
fi
echo "every event is routed to at least one rule program"
echo
"$live" run "${material[@]}" --cordon "$CORDON" --rules "$PWD/$rules" --dir "$work/node" --seconds "${SECONDS_FULL:-30}" --half-seconds "${SECONDS_HALF:-20}"
