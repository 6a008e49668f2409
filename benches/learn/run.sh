#!/usr/bin/env bash
# Measures learnt behaviour and the access review on data that others made and on simulated hospitals: docs/measurements/learn.md, learn-tabular.md, access-review.md.
#   benches/learn/run.sh [ROW...]   rows: darpa nslkdd adfa adbench prequential nab ehr ehr-full (by default all but ehr-full, which takes 17 GB of disk and half an hour)
#   DATA      folder of the published data (../shared/data/learning); rows whose data are absent are named and left out, and the run then ends with 2
#   CORDON    a binary to measure instead of building one
#   PROFILE   cargo profile to build it with (dist)
#   WORK      where simulated hospitals are made (a folder below /var/tmp that goes afterwards)
#   SEED      seed of the simulated hospital (31; of ehr-full 7)
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${DATA:-../shared/data/learning}
profile=${PROFILE:-dist}
[ $# -gt 0 ] || set -- darpa nslkdd adfa adbench prequential nab ehr
for name; do
    [[ " darpa nslkdd adfa adbench prequential nab ehr ehr-full " == *" $name "* ]] || {
        echo "there is no row $name: darpa nslkdd adfa adbench prequential nab ehr ehr-full" >&2
        exit 2
    }
done
if [ -z "${WORK:-}" ]; then
    WORK=$(mktemp -d /var/tmp/cordon-learn.XXXXXX)
    trap 'rm -rf "$WORK"' EXIT
fi
if [ -z "${CORDON:-}" ]; then
    cargo build --profile "$profile" --locked --package cordon
    CORDON=${CARGO_TARGET_DIR:-target}/$profile/cordon
fi
absent=()

# What is asked, then the command and what it says.
row() {
    printf '\n== %s: asked %s\n' "$1" "$2"
    shift 2
    printf '$ %s\n' "$*"
    "$@"
}

is_there() {
    [ -e "$data/$1" ] && return 0
    absent+=("$data/$1")
    return 1
}

tables() {
    local name
    for name in 34_smtp 16_http 32_shuttle 23_mammography 38_thyroid; do
        is_there "adbench/$name.npz" && row "$1 $name" "$2" "$CORDON" learn eval "${@:3}" "$data/adbench/$name.npz" || true
    done
}

review() {
    local out=$WORK/$1 seed=$2
    shift 2
    row "cordon-ehr" "97 % of provable rows explained with the right reason; among the first 600 cases recall .95 and .90 on each scenario, precision at 20 .70" \
        "$CORDON" sim ehr --staff 10000 --days 30 --seed "$seed" --out "$out" "$@"
    row "its review" "60 million accesses in 15 minutes on two cores and 4 GiB" \
        "$CORDON" privacy review --accesses "$out/accesses.csv" --context "$out" --out "$out/review" --budget 20 || case $? in 1 | 3) ;; *) return 2 ;; esac # 1: cases, 3: and rows that could not be used, as exports have them
    row "its score" "see above" \
        "$CORDON" sim score --truth "$out" --explanations "$out/review/explanations.csv" --cases "$out/review/cases.ndjson" --top 600
    rm -rf "$out"
}

measure() {
    case $1 in
    darpa)
        is_there darpa/darpa_original.zip || return 0
        row darpa "MIDAS-R within .005 of .951, MIDAS-F of .970 (or above), 5 M edges/s, 1 MiB" \
            "$CORDON" learn eval edges --input "$data/darpa/darpa_original.zip" --normal -
        ;;
    nslkdd)
        is_there nslkdd/KDDTest+.txt || return 0
        row nslkdd "AUC .95, TPR .65 at 1 % FPR, 100,000 flows/s" \
            "$CORDON" learn eval tabular --train "$data/nslkdd/KDDTrain+_20Percent.txt" --test "$data/nslkdd/KDDTest+.txt" \
            --label 42 --categorical 2,3,4 --ignore 43 --part '43!=21'
        ;;
    adfa)
        is_there adfa.tar.gz || return 0
        mkdir -p "$WORK/adfa"
        tar -xzf "$data/adfa.tar.gz" -C "$WORK/adfa" --strip-components 1
        row adfa "1.4 times the TPR of the 3-gram model at 1 % FPR, 2 M symbols/s" \
            "$CORDON" learn eval sequences --train "$WORK/adfa/train" --normal "$WORK/adfa/validation" --attack "$WORK/adfa/attack"
        ;;
    adbench) tables adbench ".95 of the best published AP, AUC at most .01 below the best (docs/measurements/learn-tabular.md)" tabular --train ;;
    prequential) tables prequential "at least half-space trees in the same run" prequential --shuffle --input ;;
    nab)
        is_there nab/data || return 0
        row nab "alarm rate asked obtained within 25 %; VUS-PR above every baseline" \
            "$CORDON" learn eval series --input "$data/nab/data" --windows "$data/nab/labels/combined_windows.json"
        ;;
    ehr) review ehr "${SEED:-31}" ;;
    ehr-full) review ehr-full "${SEED:-7}" --patients 300000 --accesses-per-staff-day 208 ;;
    esac
}

echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1-3 /proc/loadavg), $(date -u +%FT%TZ), $CORDON"
for name; do
    measure "$name"
done
[ ${#absent[@]} = 0 ] || { printf '\n*** absent, and so not measured: %s ***\n' "${absent[*]}"; exit 2; }
