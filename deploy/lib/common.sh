# Shared by quickstart.sh and tests/run.sh: timed steps, packages, build. Sourced, not run.
# shellcheck shell=bash

DEALOG_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# fail MESSAGE…: prints why and what to do, ends with 1.
fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  exit 1
}

# step TITLE COMMAND…: runs the command, prints the title and how long it took.
step() {
  local title=$1 begin end
  shift
  printf -- '--- %s\n' "$title"
  begin=$(date +%s.%N)
  "$@" || fail "$title: '$*' ended with status $?"
  end=$(date +%s.%N)
  printf -- '    %s: %.1f s\n' "$title" "$(echo "$end $begin" | awk '{print $1 - $2}')"
}

# Installs the packages of packages.txt that are missing; root or sudo.
install_packages() {
  local missing=() package sudo=""
  command -v dpkg-query >/dev/null || fail "this script needs Debian 12 (no dpkg-query here)"
  while read -r package; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done < <(grep -v '^#' "$DEALOG_ROOT/deploy/packages.txt")
  if [ ${#missing[@]} -eq 0 ]; then
    echo "    all packages are installed"
    return 0
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}; run as root, or install sudo"
    sudo="sudo"
  fi
  echo "    installing: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# build PRESET [TARGET…]: configures and builds; the compiler's output only where it fails.
build() {
  local preset=$1 log
  shift
  mkdir -p "$DEALOG_ROOT/build"
  log="$DEALOG_ROOT/build/$preset.log"
  (cd "$DEALOG_ROOT" && cmake --preset "$preset") >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    return 1
  }
  ninja -C "$DEALOG_ROOT/build/$preset" "$@" >>"$log" 2>&1 || {
    grep -E 'error|FAILED|undefined' -A 6 "$log" | tail -n 60 >&2
    echo "    whole log: build/$preset.log" >&2
    return 1
  }
}
