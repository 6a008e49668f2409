#!/usr/bin/env bash
# Tests of the real `cordon serve` with real senders, receivers and readers; arguments go to pytest. What they need is installed first; then they run with no
# network but loopback where this machine allows it, and it is said loudly where it does not.
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/senders.sh
scripts/rsyslog.sh
scripts/oidc_provider.sh
if [ -z "${CORDON:-}" ]; then
    # the whole workspace, as the tests before: one package alone has other features and would compile hundreds of dependencies again
    cargo build --quiet --locked --workspace --bins
fi
export PYTHONDONTWRITEBYTECODE=1
command=("$PWD/target/senders-venv/bin/python" -m pytest "$@")
cd tests/live
for way in "unshare --net" "unshare --net --map-root-user"; do
    if $way python3 without_network.py true 2>/dev/null; then
        echo "no network but loopback"
        export LIVE_TESTS_NETWORK=loopback
        exec $way python3 without_network.py "${command[@]}"
    fi
done
printf '\n%s\n\n' "*** THIS MACHINE LETS NOBODY CLOSE THE NETWORK (unshare): THAT A NODE NEEDS NONE IS NOT SHOWN BY THIS RUN ***"
exec "${command[@]}"
