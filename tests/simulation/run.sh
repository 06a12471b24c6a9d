#!/bin/sh
# Simulates the log's users on one thread, seed after seed; prints what ran and which seeds broke.
#   tests/simulation/run.sh [--seeds N] [--seed S] [--build DIR]
# Default: 1000 seeds from 1. --seed alone repeats one seed exactly.
set -eu
seeds=
seed=
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release
while [ $# -gt 0 ]; do
  case "$1" in
    --seeds) seeds=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) echo "usage: $0 [--seeds N] [--seed S] [--build DIR]" >&2; exit 2 ;;
  esac
done
if [ ! -x "$build/bin/simulation" ]; then
  echo "$build/bin/simulation is missing: run tests/run.sh first, which builds it" >&2
  exit 2
fi
if [ -z "$seeds" ]; then
  if [ -n "$seed" ]; then seeds=1; else seeds=1000; fi
fi
exec "$build/bin/simulation" --seeds "$seeds" --seed "${seed:-1}"
