#!/usr/bin/env bash
# Applies the patches one after another, builds and tests each, counts the files it touches.
# (Within `step` a failing command ends nothing by itself: each says `|| return`.)
set -euo pipefail
source "$(dirname "$0")/../../deploy/lib/common.sh"

usage() {
  cat <<'TEXT'
tests/cost/run.sh [--count] [NAME...]: what a field, an event, an action and a view cost.
  --count   count only, build nothing
  NAME      only that patch: field, event, action, view
  --help    this text
TEXT
}

count_only=""
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --count) count_only=1 ;;
    --help) usage; exit 0 ;;
    -*) usage >&2; fail "unknown option: $1" ;;
    *) [ -f "$DEALOG_ROOT/tests/cost/$1.patch" ] || fail "no such patch: $1"; names+=("$1") ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || names=(field event action view)

files_of() { sed -n 's|^diff --git a/.* b/||p' "$1"; }

print_counts() {
  local name=$1 files tests docs
  files=$(files_of "$DEALOG_ROOT/tests/cost/$name.patch")
  tests=$(grep -c '^tests/' <<<"$files" || true)
  docs=$(grep -v '^tests/' <<<"$files" | grep -cE '^docs/|\.md$' || true)
  echo "$name: product $(($(wc -l <<<"$files") - tests - docs)), tests $tests, docs $docs"
}

applied=""
take_back() {
  [ -z "$applied" ] || git -C "$DEALOG_ROOT" apply -R "$applied"
  applied=""
}
trap take_back EXIT

build_and_test() {
  local patch=$DEALOG_ROOT/tests/cost/$1.patch file program targets=() programs=()
  git -C "$DEALOG_ROOT" apply "$patch" || return 1
  applied=$patch
  read -ra programs <<<"$(sed -n 's/^Tests: //p' "$patch")"
  for program in "${programs[@]}"; do targets+=("bin/$program"); done
  for file in $(files_of "$patch" | grep '\.cc$'); do targets+=("$DEALOG_ROOT/$file^"); done
  # ccache takes a precompiled header that is in the way for a part of what makes the new one, and
  # hands out the old one although a proto has changed.
  find "$DEALOG_ROOT/build/release" -name cmake_pch.hxx.gch -delete 2>/dev/null
  build release "${targets[@]}" || return 1
  for program in "${programs[@]}"; do
    (cd "$DEALOG_ROOT" && "build/release/bin/$program" --gtest_brief=1) || return 1
  done
  take_back
}

if [ -z "$count_only" ]; then
  git -C "$DEALOG_ROOT" diff --quiet HEAD || fail "the tree has changes: commit or stash them first"
fi
for name in "${names[@]}"; do
  [ -n "$count_only" ] || step "$name.patch: build and tests" build_and_test "$name"
  print_counts "$name"
done
