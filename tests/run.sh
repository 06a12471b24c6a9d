#!/usr/bin/env bash
# Installs what is missing, builds, and passes every test.
set -euo pipefail
source "$(dirname "$0")/../deploy/lib/common.sh"

usage() {
  cat <<'TEXT'
tests/run.sh: installs what is missing, builds the release preset and runs every test.
  --quick                     leave out the slow ones (crash loops, end to end)
  --sanitize=address|thread   build and run under a sanitizer instead
  --filter REGEX              only test programs whose name matches
  --help                      this text
TEXT
}

preset=release
arguments=(--output-on-failure --no-tests=error)
while [ $# -gt 0 ]; do
  case $1 in
    --quick) arguments+=(--label-exclude slow) ;;
    --sanitize=address) preset=asan ;;
    --sanitize=thread) preset=tsan ;;
    --filter) [ $# -ge 2 ] || fail "--filter needs a regular expression"
              arguments+=(--tests-regex "$2"); shift ;;
    --filter=*) arguments+=(--tests-regex "${1#--filter=}") ;;
    --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option: $1" ;;
  esac
  shift
done

# Suppressions name single functions inside the packaged gRPC, each with its reason.
export TSAN_OPTIONS="suppressions=$DEALOG_ROOT/tests/support/tsan.supp halt_on_error=1 second_deadlock_stack=1"
export ASAN_OPTIONS="detect_leaks=1"
export UBSAN_OPTIONS="print_stacktrace=1"

run_tests() { (cd "$DEALOG_ROOT/build/$preset" && ctest "${arguments[@]}"); }

step "Debian packages" install_packages
step "Build ($preset)" build "$preset"
step "Tests ($preset)" run_tests
echo "All tests passed."
