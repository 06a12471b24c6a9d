#!/bin/sh
# Fuzzes every decoder with libFuzzer and AddressSanitizer; prints what ran and what crashed.
#   tests/fuzz/run.sh [--seconds N] [--target T] [--build DIR]
# Default: 10 seconds per target, all targets, build/fuzz (configured and built with clang here).
# Inputs that crash stay in BUILD/crashes; put them into tests/fuzz/corpus/<target>/ with the fix.
set -eu
seconds=10
targets=
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/fuzz
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=$2; shift 2 ;;
    --target) targets=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) echo "usage: $0 [--seconds N] [--target T] [--build DIR]" >&2; exit 2 ;;
  esac
done
command -v clang++ > /dev/null || { echo "clang++ is missing: install the package clang" >&2; exit 2; }
flags="-O1 -g -fsanitize=address,fuzzer-no-link -fno-omit-frame-pointer"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DDEALOG_FUZZ=ON \
  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_CXX_FLAGS_DEBUG="$flags" > /dev/null
cmake --build "$build" --target fuzzer > "$build/build.log" 2>&1 || { tail -30 "$build/build.log"; exit 2; }
fuzzer=$build/bin/fuzzer
[ -n "$targets" ] || targets=$(DEALOG_FUZZ_TARGET=list "$fuzzer")
mkdir -p "$build/crashes"
failed=0
for target in $targets; do
  corpus=$build/corpus/$target
  mkdir -p "$corpus"
  log=$build/$target.log
  if DEALOG_FUZZ_TARGET=$target DEALOG_FUZZ_SEEDS=$corpus "$fuzzer" \
      -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="$build/crashes/$target-" "$corpus" > "$log" 2>&1; then
    result="no crash"
  else
    result="CRASHED: see $log"
    failed=1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  covered=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  echo "$target: $seconds s, ${runs:-?} runs, ${covered:-?} edges, $result"
done
exit $failed
