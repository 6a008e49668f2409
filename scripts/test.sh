#!/usr/bin/env bash
# Everything that `make test` checks, stage by stage, with the seconds each took. A stage that fails ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

stages=()
stage() {
    local name=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    "$@"
    stages+=("$(printf '%6d s  %s' $((SECONDS - start)) "$name")")
}

nextest_is_there() {
    cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest
}

data_is_there() {
    if [ -d ../shared/data ]; then
        echo "outside material is present at ../shared/data: conformance runs"
    else
        printf '\n%s\n' "*** ../shared/data IS ABSENT: NO CONFORMANCE TEST AGAINST OUTSIDE MATERIAL RUNS ***"
    fi
}

rule_tests() {
    # the whole workspace: one package alone has other features and would compile hundreds of dependencies again
    cargo build --quiet --locked --workspace --bins
    "${CARGO_TARGET_DIR:-target}/debug/cordon" rules check rules
    "${CARGO_TARGET_DIR:-target}/debug/cordon" rules test rules
}

# Both wait for much of their time, so they run beside each other; the words of the first come when both are over.
node_and_browser() {
    local words live failed=0
    words=$(mktemp)
    tests/live/run.sh >"$words" 2>&1 &
    live=$!
    tests/console/run.sh || failed=1
    wait "$live" || failed=1
    printf '\n-- live node\n'
    cat "$words"
    rm -f "$words"
    return "$failed"
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps --document-private-items
}

stage "tools" nextest_is_there
stage "console" scripts/console.sh --check
stage "format" cargo fmt --all --check
stage "clippy" cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
stage "tidy" cargo xtask tidy
stage "outside material" data_is_there
stage "senders" scripts/senders.sh
stage "tests" cargo nextest run --locked --workspace --no-fail-fast --status-level fail --final-status-level fail
stage "live node, console in a browser" node_and_browser
stage "rule tests" rule_tests
stage "docs" docs

printf '\n'
printf '%s\n' "${stages[@]}"
