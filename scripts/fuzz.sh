#!/usr/bin/env bash
# Runs the fuzz tests of the module, or of the packages below the folders named, for a
# while each; fails at the first that finds something, and says which. Making an input
# smaller is cut short: of large ones, such as tracking plans, it would take the time.
set -euo pipefail
time=${1:-10s}
shift || true
found=0
while IFS=: read -r file name; do
  echo "== $name in $(dirname "$file")"
  go test -vet=off -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 1s "./$(dirname "$file")"
  found=$((found + 1))
done < <(grep -rno --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' "${@:-internal}" | sort | sed 's/:[0-9]*:func /:/')
echo "$found fuzz tests passed"
[ "$found" -gt 0 ]
