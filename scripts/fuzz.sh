#!/usr/bin/env bash
# Every fuzz target for FUZZ_SECONDS (default 60), seeded with the fixtures; prints the executions of each and fails on the first finding.
# Uses libFuzzer through the compiler's own coverage pass, so that no other toolchain is needed.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds=${FUZZ_SECONDS:-60}
targets=${*:-$(sed -n 's/^path = "fuzz_targets\/\(.*\)\.rs"/\1/p' Cargo.toml)}
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
cargo build --quiet --release --locked --target x86_64-unknown-linux-gnu

seed() {
    local corpus=corpus/$1
    mkdir -p "$corpus" artifacts/"$1"
    if [ "$1" = rules ]; then
        find ../rules -name rule.yml -size -16k | while read -r file; do cp -n "$file" "$corpus/$(echo "$file" | md5sum | cut -c1-16)"; done
    else
        find ../fixtures ../rules -type f \( -name 'hit*' -o -path '*lakeside/evening*' -o -path '*one-access*' \) -size -64k |
            while read -r file; do { printf '\x10'; cat "$file"; } >"$corpus/$(echo "$file" | md5sum | cut -c1-16)"; done
    fi
}

for target in $targets; do
    seed "$target"
    log=artifacts/$target/log
    if ! target/x86_64-unknown-linux-gnu/release/"$target" -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix=artifacts/"$target"/ corpus/"$target" >"$log" 2>&1; then
        tail -40 "$log"
        echo "$target: a finding; the input is in fuzz/artifacts/$target"
        exit 1
    fi
    printf '%-10s %12s executions, no finding\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
done
