#!/usr/bin/env bash
# The real clients of the tracking API, for tests: Segment's and RudderStack's libraries
# from npm, as internal/survive/clients/package-lock.json pins them, and Debian's Chromium.
#
#   clients.sh install    installs what is missing; at once when all is there
#
# The libraries come to bin/clients, or KITH_CLIENTS_DIR where that is set.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

pins=internal/survive/clients
target=$(realpath -m "${KITH_CLIENTS_DIR:-bin/clients}")

# The libraries. The copy of the lock file says, once all is there, which ones they are.
install_libraries() {
  ! cmp -s "$pins/package-lock.json" "$target/installed" || return 0
  echo "fetching the clients to $target"
  mkdir -p "$target"
  cp "$pins/package.json" "$pins/package-lock.json" "$target"
  (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  cp "$pins/package-lock.json" "$target/installed"
}

case ${1:-} in
install)
  need node nodejs
  need npm npm
  need chromium chromium
  install_packages
  install_libraries
  ;;
*)
  sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
  exit 2
  ;;
esac
