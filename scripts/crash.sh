#!/usr/bin/env bash
# The whole crash suite: kill -9 at named points and loss of power under load (docs/specs/faults.md). `make test` runs a sample of it.
# CORDON_CRASH_KILLS (200 at least: each point of the lists comes 5 times), CORDON_CRASH_LOSSES (200) and CORDON_CRASH_SEED (1) may be set.
set -euo pipefail
cd "$(dirname "$0")/.."

export CORDON_CRASH_KILLS=${CORDON_CRASH_KILLS:-200} CORDON_CRASH_LOSSES=${CORDON_CRASH_LOSSES:-200} CORDON_CRASH_SEED=${CORDON_CRASH_SEED:-1}
# the whole workspace: one package alone has other features and would compile hundreds of dependencies again
cargo nextest run --locked --workspace --test crash --test backup_power --no-capture \
    -E 'test(killed_at_any_point) | test(power_loss) | test(syncs_do_nothing)'
