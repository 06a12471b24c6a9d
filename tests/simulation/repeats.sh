#!/bin/sh
# Runs a few seeds twice with the given program; fails unless each does the same both times.
set -eu
for seed in 1 2 3 4 5; do
  first=$("$1" --seed "$seed")
  second=$("$1" --seed "$seed")
  [ "$first" = "$second" ] || { echo "seed $seed: $first, then $second" >&2; exit 1; }
done
