#!/usr/bin/env bash
# The tracking API under wrk, which runs beside it: kith run as it is, the door alone (its road
# does not run), a net/http server that only reads the body, and bare synced commits of the
# same events. See compare.sh for its settings.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/packages.sh

rounds=${COMPARE_ROUNDS:-3} seconds=${COMPARE_SECONDS:-5}
kith=${KITH_BIN:-$PWD/bin/kith}
key=compare-write-key
need wrk wrk
install_packages >&2
work=$(mktemp -d)
server= beside=
stop() { # ends a program that was started here
  [ -z "$1" ] || { kill -INT "$1" 2>/dev/null || true; wait "$1" 2>/dev/null || true; }
}
trap 'stop "$beside"; stop "$server"; rm -rf "$work"' EXIT

# wait_for FILE  waits for its first line, and gives it.
wait_for() {
  for _ in $(seq 600); do
    [ ! -s "$1" ] || { head -1 "$1"; return; }
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  echo "tracking.sh: the server did not start" >&2
  cat "$work/log" >&2
  return 1
}

# serve NAME  has kith bench serve; run has kith run work on a new project. Both set url and write_key.
serve() {
  rm -f "$work/said"
  "$kith" bench --serve "$1" >"$work/said" 2>"$work/log" &
  server=$!
  local said
  said=$(wait_for "$work/said")
  url=${said%% *} write_key=${said##* }
}
run() {
  rm -rf "$work/project"
  mkdir "$work/project"
  cat >"$work/project/kith.yaml" <<YAML
name: compare
sources:
  web: {type: tracking, write_keys: [$key]}
identity:
  identifiers:
    - {type: user_id, max_per_profile: 1}
    - {type: anonymous_id, max_neighbours: 5}
server: {listen: "127.0.0.1:0"}
YAML
  "$kith" run -p "$work/project" >"$work/log" 2>&1 &
  server=$!
  "$kith" status -p "$work/project" --wait >/dev/null
  url=$(sed -n 's/.*"address": *"\([^"]*\)".*/\1/p' "$work/project/data/keys/local.json") write_key=$key
}
finish() {
  stop "$server"
  server=
}

# used  gives the processor time of the server and its children so far, in hundredths of a second.
used() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v of="$server" '{
    pid = $1; sub(/^.*\) /, "")
    if (pid == of || $2 == of) sum += $12 + $13
  } END {print sum + 0}'
}

# drive CONNECTIONS EVENTS PAUSE  sends, and sets per_second (requests), p50 and p99, and
# cpu: the server's processor time for one request, in microseconds.
drive() {
  local out word requests took faults before
  before=$(used)
  out=$(wrk -t1 -c"$1" -d"${seconds}s" --timeout 30s -s scripts/compare/tracking.lua "$url" -- "$write_key" "$2" "$3" | tail -1)
  read -r word requests took faults p50 p99 <<<"$out"
  if [ "$word" != wrk ] || [ "$faults" != 0 ]; then
    echo "tracking.sh: wrk says: $out" >&2
    exit 1
  fi
  per_second=$(awk -v n="$requests" -v s="$took" 'BEGIN {print n / s}')
  cpu=$(awk -v n="$requests" -v ticks="$(($(used) - before))" 'BEGIN {print ticks * 1e4 / n}')
}

# row WHAT PER_SECOND GOAL RAW [P50 P99 CPU EVENTS]  RAW is the bare rate of this round, or
# nothing; with EVENTS a request, PER_SECOND and CPU are of requests and shown of events.
row() {
  awk -v round="$round" -v what="$1" -v rate="$2" -v goal="$3" -v raw="$4" -v p50="${5:-}" -v p99="${6:-}" -v cpu="${7:-}" -v events="${8:-1}" 'BEGIN {
    rate *= events
    printf "%-5s  %-56s %9.0f  %9s  %5s  %8s  %8s  %6s\n", round, what, rate, goal, raw == "" ? "" : sprintf("%.2f", rate / raw), p50, p99,
      cpu == "" ? "" : sprintf("%.1f", cpu / events)
  }'
}

printf '%-5s  %-56s %9s  %9s  %5s  %8s  %8s  %6s\n' round what /s goal ratio 'p50 ms' 'p99 ms' 'cpu us'
for round in $(seq "$rounds"); do
  read -r raw_events raw_calls < <("$kith" bench --only commits --quick --json 2>/dev/null |
    grep -o '"measured":[0-9.e+]*' | cut -d: -f2 | paste -sd' ')
  row 'bare synced commits: events, batches of 100' "$raw_events" '' ''
  row 'bare synced commits: one event each' "$raw_calls" '' ''
  for who in http door run; do
    case $who in
    http) serve http; name='net/http alone' goals=('' '') ;;
    door) serve door; name='the door alone' goals=(100000 20000) ;;
    run) run; name='kith run' goals=('' '') ;;
    esac
    drive 16 100 0
    row "$name: events, batches of 100, 16 connections" "$per_second" "${goals[0]}" "$raw_events" "$p50" "$p99" "$cpu" 100
    # The road of what was sent is not to be charged to what comes next.
    [ "$who" != run ] || "$kith" status -p "$work/project" --wait --timeout 10m >/dev/null
    drive 64 0 0
    row "$name: calls of one event, 64 connections" "$per_second" "${goals[1]}" "$raw_calls" "$p50" "$p99" "$cpu"
    finish
  done
  # How long one call waits: with nothing else, and beside 50,000 events/s and their road.
  run
  drive 1 0 10
  row 'kith run, idle: one client, a call every 10 ms' "$per_second" 'p99 2 ms' '' "$p50" "$p99"
  wrk -t1 -c20 -d"$((seconds + 2))s" --timeout 30s -s scripts/compare/tracking.lua "$url" -- "$write_key" 100 40 >"$work/beside" &
  beside=$!
  sleep 1
  drive 1 0 10
  row 'kith run, loaded: the same' "$per_second" 'p99 25 ms' '' "$p50" "$p99"
  wait "$beside"
  beside=
  read -r _ requests took faults p50 p99 < <(tail -1 "$work/beside")
  row '  beside it: events, batches of 100, 20 connections' "$(awk -v n="$requests" -v s="$took" 'BEGIN {print n / s}')" 50000 '' "$p50" "$p99" '' 100
  finish
  echo "load: $(cut -d' ' -f1-3 /proc/loadavg)" >&2
done
