#!/usr/bin/env bash
# The console in a real browser, on a real node with Lakeside General in it. Arguments go to node: --test-name-pattern='keyboard' runs what is called so. CORDON is the binary (target/debug/cordon), with xtask beside it.
# CORDON_SCREENS=1 takes the pictures of docs/screens anew. Pictures of what failed: target/console-failures.
set -euo pipefail
cd "$(dirname "$0")/../.."
browser=${CHROMIUM:-/usr/bin/chromium}

chromium_is_there() {
    [ -x "$browser" ] && return 0
    local root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || return 1
        root=(sudo)
    fi
    command -v apt-get >/dev/null || return 1
    "${root[@]}" apt-get update -qq && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    [ -x "$browser" ]
}

scripts/console.sh
chromium_is_there || {
    echo "the browser suite needs $browser and cannot install it here: apt-get install chromium, or CHROMIUM=/path/of/another/chromium" >&2
    exit 1
}
if [ -z "${CORDON:-}" ]; then
    # the whole workspace, as the tests before: one package alone has other features and would compile hundreds of dependencies again
    cargo build --quiet --locked --workspace --bins
    export CORDON="${CARGO_TARGET_DIR:-$PWD/target}/debug/cordon"
fi
CORDON=$(realpath "$CORDON")
export CORDON
rm -rf target/console-failures
exec node --test --test-reporter=spec "$@" tests/console/suite.mjs
