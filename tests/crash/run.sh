#!/bin/sh
# Kills writers and fails disks many times, and checks that nothing acknowledged is lost.
#   tests/crash/run.sh [--kills N] [--faults N] [--seed S] [--build DIR]
# Default: 1000 kills, no faults, seed 1, build/release. --faults: lives on failing disks.
set -eu
kills=1000
faults=0
seed=1
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release
while [ $# -gt 0 ]; do
  case "$1" in
    --kills) kills=$2; shift 2 ;;
    --faults) faults=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) echo "usage: $0 [--kills N] [--faults N] [--seed S] [--build DIR]" >&2; exit 2 ;;
  esac
done
for program in crash_campaign fault_campaign; do
  if [ ! -x "$build/bin/$program" ]; then
    echo "$build/bin/$program is missing: build the target $program first" >&2
    exit 2
  fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
[ "$faults" -eq 0 ] || "$build/bin/fault_campaign" "$faults" "$seed"
[ "$kills" -eq 0 ] || "$build/bin/crash_campaign" "$folder" "$kills" "$seed"
