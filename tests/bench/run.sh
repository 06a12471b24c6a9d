#!/usr/bin/env bash
# Prints every number of the README: writes, reads, rebuild, import, start, memory.
#   tests/bench/run.sh [--deals N] [--seconds S] [--rounds N] [--events N] [--peers]
# --events: of the long log (10,000,000: 5 GB); --peers: PostgreSQL too, which is installed.
set -euo pipefail
source "$(dirname "$0")/../../deploy/lib/common.sh"

deals=100000
seconds=2
rounds=3
events=10000000
peers=
while [ $# -gt 0 ]; do
  case $1 in
    --deals) deals=${2:?}; shift ;;
    --seconds) seconds=${2:?}; shift ;;
    --rounds) rounds=${2:?}; shift ;;
    --events) events=${2:?}; shift ;;
    --peers) peers=yes ;;
    --help) sed -n '2,4p' "$0"; exit 0 ;;
    *) fail "unknown option: $1" ;;
  esac
  shift
done

bin=$DEALOG_ROOT/build/release/bin
data=$DEALOG_ROOT/../shared/data/maven-crm
work=$(mktemp -d "$DEALOG_ROOT/build/bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Imports the Maven set into a fresh server: seconds of the import, of a restart, and memory.
maven() {
  if [ ! -d "$data" ]; then
    echo "    SKIPPED: no data set at ../shared/data/maven-crm"
    return 0
  fi
  local pid address begin
  serve() {
    "$bin/dealogd" --data-dir "$work/maven" --listen 127.0.0.1:0 >"$work/ready" 2>"$work/log" &
    pid=$!
    begin=$(date +%s%N)
    until grep -q '^ready' "$work/ready"; do sleep 0.01; done
    echo "    ready after $((($(date +%s%N) - begin) / 1000000)) ms (bound 2000)"
    address=$(sed -n 's/^ready //p' "$work/ready")
  }
  serve
  "$bin/dealog" --server "$address" tenant create maven >/dev/null
  begin=$(date +%s%N)
  "$bin/dealog" --server "$address" --tenant maven import \
    --mapping "$DEALOG_ROOT/deploy/mappings/maven-crm.toml" --undated-at 2017-01-01 "$data"
  echo "    import of 8,800 opportunities: $((($(date +%s%N) - begin) / 1000000)) ms (bound 5000)"
  kill "$pid" && wait "$pid"
  serve
  "$bin/dealog" --server "$address" --tenant maven board --pipeline Maven
  echo "    resident memory: $(($(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status") / 1024)) MiB (bound 300)"
  kill "$pid" && wait "$pid"
}

step "Build" build release
step "Import" maven
step "Fill a log with $deals deals" "$bin/bench_fill" "$work/fill" "$deals"
step "Reads" "$bin/bench_read" "$work/fill" test
step "Commands without gRPC" "$bin/bench_sequencer" "$work/sequencer"
step "Writes" "$bin/bench_write" "$work" --seconds "$seconds" --rounds "$rounds"
step "Appends of other services" "$bin/bench_append" "$work" --seconds "$seconds" --rounds "$rounds"
step "One long deal" "$bin/bench_deal_fold"
step "Subscribers" "$bin/bench_subscribers" "$work" --seconds "$seconds" --rounds "$rounds"
step "Replay" "$bin/bench_replay" "$work/replay" --rounds "$rounds"
step "A short and a long log" "$bin/bench_scale" "$work/scale" --large "$events" \
  --seconds "$seconds" --rounds "$rounds"
[ -z "$peers" ] || step "PostgreSQL" "$DEALOG_ROOT/tests/bench/peers/postgres.sh" \
  --seconds "$seconds" --rounds "$rounds"
