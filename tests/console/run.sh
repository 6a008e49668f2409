#!/usr/bin/env bash
# The console in a real browser, against the real `cordon serve` that holds Lakeside General. Debian's chromium is installed when run as root; the console is built when it is not.
# CORDON names another binary, CORDON_SCREENS=1 writes the pictures of docs/screens. Arguments go to node's test runner.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/console.sh
mkdir -p target
exec 9>target/.chromium.lock
flock 9
if [ ! -x /usr/bin/chromium ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi
flock --unlock 9
[ -x /usr/bin/chromium ] || {
    echo "the console is tried in a browser, and /usr/bin/chromium is absent: apt-get install chromium" >&2
    exit 1
}
if [ -z "${CORDON:-}" ]; then
    # the whole workspace, as the tests before: one package alone has other features and would compile hundreds of dependencies again
    cargo build --quiet --locked --workspace --bins
fi
exec node --test "$@" tests/console/suite.mjs
