#!/usr/bin/env bash
# Kith beside other programs, on the same processors in one run: each script in
# scripts/compare is one comparison, and installs what it compares with.
#
#   compare.sh [NAME...]   runs these comparisons, or all
#
# COMPARE_ROUNDS (3) is how often each contender has its turn, COMPARE_SECONDS (5) how long
# a turn by the clock lasts; a script tells of more. bin/kith must be built. Nothing but the table goes to stdout.
set -euo pipefail
cd "$(dirname "$0")/.."

export KITH_BIN=${KITH_BIN:-$PWD/bin/kith} COMPARE_ROUNDS=${COMPARE_ROUNDS:-3} COMPARE_SECONDS=${COMPARE_SECONDS:-5}
names=("$@")
if [ ${#names[@]} = 0 ]; then
  for script in scripts/compare/*.sh; do
    names+=("$(basename "$script" .sh)")
  done
fi
for name in "${names[@]}"; do
  if [ ! -x "scripts/compare/$name.sh" ]; then
    echo "compare.sh: there is no comparison $name in scripts/compare" >&2
    exit 2
  fi
done
for name in "${names[@]}"; do
  echo "== $name, on $(nproc) processors; load before: $(cut -d' ' -f1-3 /proc/loadavg)"
  "scripts/compare/$name.sh"
done
