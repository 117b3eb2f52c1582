#!/usr/bin/env bash
# kith resolve beside Splink, which somebody who knows it has set up for each set; see compare.sh
# for COMPARE_ROUNDS. FEBRL 1 to 3 and fake_1000 are fetched, and the rest is made.
#
# COMPARE_DATA             a folder with febrl1.csv and so on, for what cannot be fetched
# COMPARE_RESOLVE_SETS     "febrl1 febrl2 febrl3 fake_1000", or some of them, or none: ""
# COMPARE_RESOLVE_ROWS     "1000 50000": how many records of made-up people; 1000000 takes minutes
# COMPARE_RESOLVE_HARDNESS "easy medium hard": of what hardness
# COMPARE_RESOLVE_TIMEOUT  1800: seconds after which Splink is ended
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/packages.sh

rounds=${COMPARE_ROUNDS:-3}
sets=${COMPARE_RESOLVE_SETS-febrl1 febrl2 febrl3 fake_1000}
rows=${COMPARE_RESOLVE_ROWS:-1000 50000}
hardness=${COMPARE_RESOLVE_HARDNESS:-easy medium hard}
limit=${COMPARE_RESOLVE_TIMEOUT:-1800}
thresholds=(0.5 0.9 0.95 0.99 0.999)
kith=${KITH_BIN:-$PWD/bin/kith}
here=scripts/compare
pins=$here/resolve.txt
venv=$PWD/bin/compare/$(sed -n 's/^splink==/splink-/p' "$pins")

# Splink in an environment of its own. The copy of the pins says, once all is there, which ones it has.
install_splink() {
  need python3 python3
  python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
  install_packages
  ! cmp -s "$pins" "$venv/installed" || return 0
  echo "fetching Splink to $venv"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r "$pins"
  cp "$pins" "$venv/installed"
}
install_splink >&2
python=$venv/bin/python
measure=$here/resolve_measure.py

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/data"
# shellcheck disable=SC2086 # names apart
[ -z "$sets" ] || "$python" $here/resolve_data.py "$work/data" "${COMPARE_DATA:-}" $sets >&2
for n in $rows; do
  for how in $hardness; do
    "$kith" generate people --count "$n" --seed 1 --hardness "$how" --out "$work/data/people-$n-$how.csv" >/dev/null
  done
done

# beside_kith NAME FILE ID LABEL  resolves FILE with kith.
beside_kith() {
  "$python" $measure run "$work/kith-took" "$kith" resolve "$2" --id "$3" --label "$4" --out "$work/kith.csv" --json >"$work/kith-said"
  "$python" $measure row "$1" kith "$2" "$3" "$4" "$work/kith.csv" "$work/kith-took" "" "$work/kith-said"
}

# beside_splink NAME FILE ID LABEL MODEL WHAT [FLAG]  resolves it with Splink, at the threshold that suits it best.
beside_splink() {
  local name=$1 file=$2 id=$3 label=$4 model=$5 what=$6 status=0 clusters=() at
  rm -rf "$work/splink"
  mkdir "$work/splink"
  timeout "$limit" "$python" $here/resolve_splink.py "$model" "$file" "$work/splink" --id "$id" --label "$label" \
    "${thresholds[@]/#/--threshold=}" "${@:7}" 2>"$work/log" >&2 || status=$?
  if [ $status = 124 ]; then
    printf '%-21s %-34s ended after %s s, not done\n' "$name" "$what" "$limit"
    return
  elif [ $status != 0 ]; then
    printf '%-21s %-34s failed\n' "$name" "$what"
    tail -3 "$work/log" >&2
    return
  fi
  for at in "${thresholds[@]}"; do clusters+=("$work/splink/$at.csv"); done
  at=$(basename "$("$python" $measure best "$file" "$id" "$label" "${clusters[@]}")" .csv)
  "$python" $measure row "$name" "$what, at $at" "$file" "$id" "$label" "$work/splink/$at.csv" "$work/splink/$at.json" "$work/kith-took"
}

printf '%-21s %-34s %-6s  %-7s  %-9s  %-6s %8s %8s %6s %7s %7s\n' set contender F1 B-cubed precision recall seconds 'cpu s' MiB ratio 'cpu'
for _ in $(seq "$rounds"); do
  for name in $sets; do
    file=$work/data/$name.csv
    [ -e "$file" ] || { printf '%-21s left out: it could not be fetched\n' "$name"; continue; }
    beside_kith "$name" "$file" id label
    case $name in
    fake_1000) beside_splink "$name" "$file" id label fake splink ;;
    *) beside_splink "$name" "$file" id label febrl splink ;;
    esac
    [ "$name" != febrl3 ] || {
      beside_splink "$name" "$file" id label febrl_published 'splink, its example'
      beside_splink "$name" "$file" id label febrl_published 'the same, m from labels' --from-labels
    }
  done
  for n in $rows; do
    for how in $hardness; do
      file=$work/data/people-$n-$how.csv
      beside_kith "people $n $how" "$file" record_id person_id
      beside_splink "people $n $how" "$file" record_id person_id people splink
    done
  done
  echo "load: $(cut -d' ' -f1-3 /proc/loadavg)" >&2
done
