#!/usr/bin/env bash
# The same work here and in PostgreSQL 15, in turns: appends of 300-byte events with an expected
# revision, commits of 100 events, and reading everything. Prints both, and ours / PostgreSQL's.
# Installs postgresql-15 where it is missing; its own cluster, on loopback, in a scratch folder.
#   tests/bench/peers/postgres.sh [--seconds S] [--rounds N] [--clients "1 16 64 256"]
#     [--bytes N] [--batches "1 16"] [--events N]      (--events 0: no replay; --clients "": no appends)
set -euo pipefail
source "$(dirname "$0")/../../../deploy/lib/common.sh"

seconds=3
rounds=3
clients="1 16 64 256"
batches="1 16"
bytes=300
events=1000000
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?}; shift ;;
    --rounds) rounds=${2:?}; shift ;;
    --clients) clients=${2?}; shift ;;
    --batches) batches=${2?}; shift ;;
    --bytes) bytes=${2:?}; shift ;;
    --events) events=${2:?}; shift ;;
    --help) sed -n '2,6p' "$0"; exit 0 ;;
    *) fail "unknown option: $1" ;;
  esac
  shift
done

bin=$DEALOG_ROOT/build/release/bin
here=$DEALOG_ROOT/tests/bench/peers
pg=/usr/lib/postgresql/15/bin
batch=100
page=1000
threads=2
for program in dealogd bench_append bench_replay; do
  [ -x "$bin/$program" ] || fail "no $bin/$program; build it: ninja -C build/release $program"
done

# Debian's package makes a cluster of its own unless told not to.
install_postgres() {
  [ -x "$pg/postgres" ] && return 0
  [ "$(id -u)" -eq 0 ] || fail "postgresql-15 is missing: run this as root once, or install it"
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  { apt-get update && env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends postgresql-15; } >/dev/null
}

install_postgres
work=$(mktemp -d "${TMPDIR:-/tmp}/dealog-peers.XXXXXX")
cluster=$work/postgres
mkdir "$cluster" "$work/ours"
as=()
if [ "$(id -u)" -eq 0 ]; then  # PostgreSQL refuses to run as root.
  as=(runuser -u postgres --)
  chmod 711 "$work"
  chown postgres "$cluster"
fi
stop() {
  "${as[@]}" "$pg/pg_ctl" -D "$cluster/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop EXIT

# Durable as it comes (fsync, synchronous_commit, full_page_writes are on). Memory enough, and no
# checkpoint during a measurement: both in its favour.
start_postgres() {
  "${as[@]}" "$pg/initdb" -D "$cluster/data" --auth=trust --encoding=UTF8 --locale=C \
    --username=postgres >"$work/initdb.log" 2>&1 || { cat "$work/initdb.log"; return 1; }
  port=$((20000 + RANDOM % 20000))
  "${as[@]}" "$pg/pg_ctl" -D "$cluster/data" -l "$cluster/log" -w start -o "-p $port \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
    -c shared_buffers=1GB -c max_wal_size=16GB -c checkpoint_timeout=1h -c autovacuum=off" \
    >/dev/null || { cat "$cluster/log"; return 1; }
  connection=(-h 127.0.0.1 -p "$port" -U postgres)
  sql "$(cat "$here/postgres.sql")"
  [ "$(sql 'SHOW fsync')" = on ] || fail "expected fsync to be on in PostgreSQL"
}
# sql STATEMENT…: each in a transaction of its own.
sql() {
  local statement statements=()
  for statement in "$@"; do statements+=(-c "$statement"); done
  "$pg/psql" "${connection[@]}" -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "${statements[@]}"
}

# Scripts of pgbench; every client has a stream of its own and knows its revision. What is named
# here is sent with every call, as a parameter of a prepared statement.
text() { head -c "$1" /dev/zero | tr '\0' x; }
make_scripts() {
  local form
  payload=$(text "$bytes")
  payloads=$payload
  for ((i = 1; i < batch; ++i)); do payloads+=,$payload; done
  payloads="{$payloads}"
  for form in gaps gapless; do
    echo "SELECT es.append_one_$form(:client_id, :rev, 'Measured', :payload) AS rev \\gset" \
      >"$work/one_$form.sql"
    echo "SELECT es.append_$form(:client_id, :rev, 'Measured', :payload) AS rev \\gset" \
      >"$work/many_$form.sql"
  done
  cat >"$work/page.sql" <<SQL
SELECT position, stream, revision, type, id, recorded_at, payload FROM es.event
  WHERE position > :after ORDER BY position LIMIT $page;
\\set after :after + $page
SQL
}

# theirs SCRIPT CLIENTS PAYLOAD EVENTS: events per second, EVENTS a call.
theirs() {
  local j=$threads
  [ "$2" -ge "$j" ] || j=$2
  sql "TRUNCATE es.event" "ALTER SEQUENCE es.position RESTART" CHECKPOINT || return 1
  "$pg/pgbench" "${connection[@]}" -n -M prepared -c "$2" -j "$j" -T "$seconds" -D rev=0 \
    -D payload="$3" -f "$work/$1.sql" postgres >"$work/pgbench.log" 2>&1 ||
    { tail -n 5 "$work/pgbench.log" >&2; return 1; }
  awk -v events="$4" '/^tps = / { print $3 * events; found = 1 } END { exit !found }' \
    "$work/pgbench.log"
}
# ours CLIENTS EVENTS: events per second, EVENTS a commit.
ours() {
  "$bin/bench_append" "$work/ours" --in-flight "$1" --events "$2" --bytes "$bytes" \
    --seconds "$seconds" --rounds 1 >"$work/ours.log" 2>"$work/ours.err" ||
    { tail -n 5 "$work/ours.err" >&2; return 1; }
  rm -rf "$work/ours/append"
  cut -d' ' -f1 "$work/ours.log"
}

# summary: lines "ours gapless gaps" in; medians, and the ratios round by round.
summary() {
  awk -v name="$1" '
    function median(a, n,  i, j, t) {
      for (i = 1; i <= n; ++i) for (j = i + 1; j <= n; ++j) if (a[j] < a[i]) {
        t = a[i]; a[i] = a[j]; a[j] = t }
      return a[int((n + 1) / 2)] }
    { o[NR] = $1; l[NR] = $2; g[NR] = $3; rl[NR] = $1 / $2; rg[NR] = $1 / $3 }
    END {
      om = median(o, NR); lm = median(l, NR); gm = median(g, NR)
      rlm = median(rl, NR); rgm = median(rg, NR)
      printf "%-22s ours %7.0f (%.0f to %.0f)   gapless %7.0f (%.0f to %.0f)   gaps %7.0f (%.0f to %.0f)   ours / gapless %5.2f (%.2f to %.2f)   ours / gaps %5.2f (%.2f to %.2f)\n",
        name, om, o[1], o[NR], lm, l[1], l[NR], gm, g[1], g[NR],
        rlm, rl[1], rl[NR], rgm, rg[1], rg[NR] }'
}

# side_by_side TITLE CLIENTS EVENTS SCRIPT PAYLOAD: the three in turns. (Where a step is checked,
# `set -e` is off.)
side_by_side() {
  local round mine gapless gaps
  : >"$work/rates"
  for ((round = 0; round < rounds; ++round)); do
    mine=$(ours "$2" "$3") || return 1
    gapless=$(theirs "${4}_gapless" "$2" "$5" "$3") || return 1
    gaps=$(theirs "${4}_gaps" "$2" "$5" "$3") || return 1
    echo "$mine $gapless $gaps" >>"$work/rates"
  done
  summary "$1" <"$work/rates"
}
appends() {
  local count
  for count in $clients; do
    side_by_side "$count in flight" "$count" 1 one "$payload" || return 1
  done
  for count in $batches; do
    side_by_side "$batch a commit, $count in flight" "$count" "$batch" many "$payloads" || return 1
  done
}

# rate NAME COMMAND…: how many of the events a second the command reads.
rate() {
  local name=$1 begin
  shift
  begin=$(date +%s%N)
  "$@" >/dev/null 2>"$work/rate.log" || { cat "$work/rate.log" >&2; return 1; }
  awk -v n="$events" -v ns="$(($(date +%s%N) - begin))" -v name="$name" \
    'BEGIN { printf "%-34s %9.0f events/s\n", name, n * 1e9 / ns }'
}
copy() { sql "COPY es.event TO STDOUT $1"; }
replay() {
  sql "TRUNCATE es.event" "INSERT INTO es.event (position, stream, revision, type, payload)
    SELECT n, 'filled-' || n / 1000, n % 1000 + 1, 'Measured', convert_to('$payload', 'UTF8')
    FROM generate_series(1, $events) AS n" "VACUUM ANALYZE es.event" CHECKPOINT || return 1
  sql "SELECT 'PostgreSQL: ' || pg_total_relation_size('es.event') / $events ||
    ' bytes an event on the disk'"
  for ((round = 0; round < rounds; ++round)); do
    "$bin/bench_replay" "$work/ours/replay" --events "$events" --rounds 1 2>"$work/ours.err" ||
      { tail -n 5 "$work/ours.err" >&2; return 1; }
    rate "PostgreSQL, pages of $page" "$pg/pgbench" "${connection[@]}" -n -M prepared -c 1 -j 1 \
      -t "$((events / page))" -D after=0 -f "$work/page.sql" postgres || return 1
    rate "PostgreSQL, COPY as text" copy "" || return 1
    rate "PostgreSQL, COPY binary" copy "(FORMAT binary)" || return 1
  done
}

start_postgres
make_scripts
sql 'SELECT version()'
[ -z "$clients$batches" ] || step "Appends, events/s: median (least to most) of $rounds rounds" appends
[ "$events" -eq 0 ] || step "Replay of $events events, $rounds rounds" replay
