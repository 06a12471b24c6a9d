#!/bin/sh
# Kills writers and servers and fails disks many times, and checks that nothing acknowledged is lost.
#   tests/crash/run.sh [--kills N] [--servers N] [--faults N] [--seed S] [--build DIR]
# Default: 1000 kills of a writer of the log, none of whole servers, no faults, seed 1, build/release.
# --servers: kills of dealogd under load. --faults: lives on failing disks.
set -eu
kills=1000
servers=0
faults=0
seed=1
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release
while [ $# -gt 0 ]; do
  case "$1" in
    --kills) kills=$2; shift 2 ;;
    --servers) servers=$2; shift 2 ;;
    --faults) faults=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) echo "usage: $0 [--kills N] [--servers N] [--faults N] [--seed S] [--build DIR]" >&2; exit 2 ;;
  esac
done
for program in crash_campaign fault_campaign server_crash_campaign; do
  if [ ! -x "$build/bin/$program" ]; then
    echo "$build/bin/$program is missing: run tests/run.sh first, which builds it" >&2
    exit 2
  fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
[ "$faults" -eq 0 ] || "$build/bin/fault_campaign" "$faults" "$seed"
[ "$servers" -eq 0 ] || "$build/bin/server_crash_campaign" "$folder" "$servers" "$seed"
[ "$kills" -eq 0 ] || "$build/bin/crash_campaign" "$folder" "$kills" "$seed"
