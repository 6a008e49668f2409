#!/usr/bin/env bash
# The main job on what the repository holds: Lakeside's evening, scanned with the built-in rules, as a report to read.
set -euo pipefail
cd "$(dirname "$0")/.."
report=${1:-demo-report.html}
cargo build --quiet --locked --package cordon
cordon() { cargo run --quiet --locked --package cordon -- "$@"; }
# findings are expected: the evening ends in an attack
cordon scan fixtures/lakeside/evening --format table --fail-level critical || [ $? -eq 1 ]
cordon scan fixtures/lakeside/evening --format html --output "$report" --no-progress --fail-level critical 2>/dev/null || [ $? -eq 1 ]
printf '\nthe report: %s\n' "$(realpath "$report")"
