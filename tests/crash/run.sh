#!/bin/sh
# Kills a writer of the log many times and checks that nothing acknowledged is lost.
#   tests/crash/run.sh [--kills N] [--seed S] [--build DIR]     (default: 1000 kills, seed 1)
set -eu
kills=1000
seed=1
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release
while [ $# -gt 0 ]; do
  case "$1" in
    --kills) kills=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) echo "usage: $0 [--kills N] [--seed S] [--build DIR]" >&2; exit 2 ;;
  esac
done
if [ ! -x "$build/bin/crash_campaign" ]; then
  echo "$build/bin/crash_campaign is missing: build the target crash_campaign first" >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
"$build/bin/crash_campaign" "$folder" "$kills" "$seed"
