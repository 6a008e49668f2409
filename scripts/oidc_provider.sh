#!/usr/bin/env bash
# The provider of sign-in (OpenID Connect) that tests use: the npm package oidc-provider, certified by the OpenID Foundation, below target/. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=oidc-provider@9.13.3
folder=target/oidc-provider
mkdir -p "$folder"
exec 9>target/.oidc-provider.lock
flock 9
if [ -f "$folder/installed.txt" ] && [ "$(cat "$folder/installed.txt")" = "$wanted" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo "node and npm are missing: install them (Debian: apt-get install nodejs npm)" >&2; exit 1; }
    apt-get update -qq
    apt-get install -qq --no-install-recommends nodejs npm
fi
echo '{"private": true}' > "$folder/package.json"
npm install --prefix "$folder" --silent --no-audit --no-fund --no-package-lock --ignore-scripts "$wanted"
echo "$wanted" > "$folder/installed.txt"
