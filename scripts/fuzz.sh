#!/usr/bin/env bash
# Runs every fuzz test of the module for a while each; fails at the first that finds
# something, and says which.
set -euo pipefail
time=${1:-10s}
found=0
while IFS=: read -r file name; do
  echo "== $name in $(dirname "$file")"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")"
  found=$((found + 1))
done < <(grep -rno --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' internal | sed 's/:[0-9]*:func /:/')
echo "$found fuzz tests passed"
[ "$found" -gt 0 ]
