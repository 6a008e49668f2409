#!/usr/bin/env bash
# The console, built from web/ to web/dist, from where the binary embeds it. Its packages are installed when the lock file names others, its files built when a source is newer; else this does nothing.
# --check: types and its own tests as well.
set -euo pipefail
cd "$(dirname "$0")/../web"

node_min=20.19
installed=node_modules/.cordon-lock
built=dist/index.html
# src/api/schema.d.ts comes out of openapi.json with every check; tables of the crates are read where they lie
sources=(src public index.html openapi.json package.json package-lock.json svelte.config.js tsconfig.json vite.config.ts)
mapfile -t -O ${#sources[@]} sources < <(grep -rhoE '\.\./crates/[a-z0-9_/.-]+\?raw' src | sed 's/?raw$//' | sort -u)

tools_are_there() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        echo "the console is built by node $node_min or newer and npm, and one of them is missing: install Node.js with npm (https://nodejs.org, or 'apt-get install nodejs npm' where that is new enough)" >&2
        return 1
    fi
    if ! node -e 'const [have, want] = [process.versions.node, process.argv[1]].map((text) => text.split(".").map(Number)); process.exit(have[0] > want[0] || (have[0] === want[0] && have[1] >= want[1]) ? 0 : 1)' "$node_min"; then
        echo "the console is built by node $node_min or newer, and this is $(node --version): install a newer Node.js (https://nodejs.org)" >&2
        return 1
    fi
}

is_built() {
    [ -f "$built" ] && [ -z "$(find "${sources[@]}" -newer "$built" ! -name schema.d.ts -print -quit)" ]
}

tools_are_there
mkdir -p ../target
# one at a time: npm empties the folder of packages before it fills it, vite that of the files
exec 9>../target/.console.lock
flock 9
if ! cmp -s package-lock.json "$installed"; then
    npm ci --no-audit --no-fund
    cp package-lock.json "$installed"
fi
if [ "${1:-}" = --check ]; then
    npm run --silent check
    npm run --silent test -- --passWithNoTests
fi
is_built || npm run --silent build
