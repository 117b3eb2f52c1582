# For other scripts to source: Debian's packages, where programs are missing.

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need COMMAND PACKAGE  notes a package to install where there is no such command.
packages=()
need() {
  command -v "$1" >/dev/null || packages+=("$2")
}

# install_packages  installs those noted, or says which they are and ends the script.
install_packages() {
  [ ${#packages[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "${0##*/}: these are missing, and there is no apt-get to install them: ${packages[*]}" >&2
    exit 1
  fi
  echo "installing ${packages[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}
