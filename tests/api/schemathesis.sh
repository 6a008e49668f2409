#!/usr/bin/env bash
# Runs schemathesis over every operation of the OpenAPI description of a running test instance: no 5xx, no schema violation, every operation reached.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=target/schemathesis-venv
version=4.32.5
if ! "$venv/bin/st" --version 2>/dev/null | grep -q "$version"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi

work=$(mktemp -d)
RUSTFLAGS="${RUSTFLAGS:-}" cargo build --quiet --locked --package cordon-api --example played_node
target/debug/examples/played_node "$work" >"$work/ready" &
node=$!
trap 'kill "$node" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 300); do
    grep -q '^token ' "$work/ready" && break
    kill -0 "$node"
    sleep 0.1
done
address=$(sed -n 's/^address //p' "$work/ready")
token=$(sed -n 's/^token //p' "$work/ready")

here=$PWD
cd "$work"
"$here/$venv/bin/st" --config-file "$here/tests/api/schemathesis.toml" run "$address/api/v1/openapi.json" --url "$address" \
    --header "Authorization: Bearer $token" --checks all --seed "${SEED:-1}" --max-examples "${EXAMPLES:-20}" \
    --workers 2 --request-timeout 20 --report ndjson --report-ndjson-path "$work/report.ndjson" "$@"
