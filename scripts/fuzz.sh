#!/usr/bin/env bash
# Every fuzz target for FUZZ_SECONDS (default 60), seeded with the fixtures and with outside samples where they are; prints the executions and coverage
# (edges, features) of each and fails on the first finding. Uses libFuzzer through the compiler's own coverage pass, so that no other toolchain is needed.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds=${FUZZ_SECONDS:-60}
targets=${*:-$(sed -n 's/^path = "fuzz_targets\/\(.*\)\.rs"/\1/p' Cargo.toml)}
outside=../../shared/data
[ -d "$outside" ] || echo "no outside samples at fuzz/$outside: fewer seeds"
(cd .. && cargo build --quiet --locked --package cordon-testkit --example evtx_seeds)
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
cargo build --quiet --release --locked --target x86_64-unknown-linux-gnu

# Puts each file named on standard input into a corpus, behind a byte that says in which steps it arrives.
with_step() {
    while read -r file; do { printf '\x10'; cat "$file"; } >"$1/$(echo "$file" | md5sum | cut -c1-16)"; done
}

seed() {
    local corpus=corpus/$1
    mkdir -p "$corpus" artifacts/"$1"
    case $1 in
    rules)
        find ../rules -name rule.yml -size -16k | while read -r file; do cp -n "$file" "$corpus/$(echo "$file" | md5sum | cut -c1-16)"; done
        return
        ;;
    intake_http)
        # one seed for each splitter: the first byte says which
        printf '\x80{"index":{}}\n{"a":1}\n{"delete":{"_id":"1"}}\nx\n' >"$corpus/bulk"
        printf '\x01{"event":{"a":1},"time":1}{"event":"x"}' >"$corpus/events"
        printf '\x02\x0a\x11\x0a\x00\x12\x0d\x0a\x00\x12\x09\x2a\x07\x0a\x05hello' >"$corpus/protobuf"
        printf '\x03{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}}]}]}]}' >"$corpus/json"
        printf '\x04{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"AuditEvent"}}]}' >"$corpus/bundle"
        printf '\x05<Bundle><type value="batch"/><entry><resource><AuditEvent/></resource></entry></Bundle>' >"$corpus/xml"
        return
        ;;
    evtx)
        ../target/debug/examples/evtx_seeds "$corpus" "$outside"/evtx-attack-samples "$outside"/sigma-regression
        return
        ;;
    esac
    find ../fixtures ../rules -type f \( -name 'hit*' -o -path '*lakeside/evening*' -o -path '*one-access*' \) -size -64k | with_step "$corpus"
    local more=()
    case $1 in
    zeek) more=("$outside"/zeek -name '*.log') ;;
    hl7) more=("$outside"/hl7v2 -name '*.hl7') ;;
    fhir) more=("$outside"/health -maxdepth 1 -name '*.json') ;;
    json) more=("$outside"/sigma-regression -name '*.json') ;;
    detect) more=("$outside"/zeek "$outside"/hl7v2 "$outside"/sigma-regression -name '*.log' -o -name '*.hl7' -o -name '*.json') ;;
    esac
    if [ ${#more[@]} -gt 0 ] && [ -d "$outside" ]; then find "${more[@]}" | with_step "$corpus"; fi
}

# The dictionaries of a target as one.
dictionary() {
    case $1 in
    atna) cat dictionaries/xml.dict ;;
    fhir) cat dictionaries/{xml,json}.dict ;;
    windns | windhcp | weblog | w3c | zeek | text) cat dictionaries/lines.dict ;;
    detect) cat dictionaries/*.dict ;;
    syslog_stream | relp) cat dictionaries/syslog.dict ;;
    mllp) cat dictionaries/hl7.dict ;;
    intake_http) cat dictionaries/{xml,json}.dict ;;
    csv | hl7 | json | syslog) cat dictionaries/"$1".dict ;;
    esac
}

for target in $targets; do
    seed "$target"
    log=artifacts/$target/log
    dictionary "$target" >artifacts/"$target"/words
    options=()
    if [ -s artifacts/"$target"/words ]; then options+=(-dict=artifacts/"$target"/words); fi
    if ! target/x86_64-unknown-linux-gnu/release/"$target" -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "${options[@]}" \
        -artifact_prefix=artifacts/"$target"/ corpus/"$target" >"$log" 2>&1; then
        tail -40 "$log"
        echo "$target: a finding; the input is in fuzz/artifacts/$target"
        exit 1
    fi
    printf '%-10s %12s executions, %6s edges, %6s features, no finding\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(sed -n 's/.*DONE *cov: \([0-9]*\).*/\1/p' "$log")" "$(sed -n 's/.*DONE.* ft: \([0-9]*\).*/\1/p' "$log")"
done
