#!/usr/bin/env bash
# From a clone to a running server with a year of sample data on the screen.
set -euo pipefail
source "$(dirname "$0")/lib/common.sh"

usage() {
  cat <<'TEXT'
deploy/quickstart.sh: installs what is missing, builds, starts dealogd, loads the sample data,
prints the board and the KPIs, and leaves the server running. Run it again: it is quick.
  --deals N    size of the sample, 100 to 1,000,000 (default 2,000)
  --port N     port on loopback (default 7310)
  --stop       stop the server that an earlier run started
  --reset      stop it and delete its data first
  --help       this text
Data: $DEALOG_HOME, default build/quickstart in the clone.
TEXT
}

deals=2000
port=7310
action=start
while [ $# -gt 0 ]; do
  case $1 in
    --deals) deals=${2:?--deals needs a number}; shift ;;
    --port) port=${2:?--port needs a number}; shift ;;
    --stop) action=stop ;;
    --reset) action=reset ;;
    --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option: $1" ;;
  esac
  shift
done

home=${DEALOG_HOME:-$DEALOG_ROOT/build/quickstart}
pid_file=$home/dealogd.pid
bin=$DEALOG_ROOT/build/release/bin
tenant=demo

# True if the process of the pid file is the server that we started.
running() {
  [ -f "$pid_file" ] && [ "$(cat "/proc/$(cat "$pid_file")/comm" 2>/dev/null)" = dealogd ]
}

stop_server() {
  if ! running; then
    rm -f "$pid_file"
    echo "    no server of ours is running"
    return 0
  fi
  local pid
  pid=$(cat "$pid_file")
  kill -TERM "$pid"
  for _ in $(seq 100); do
    running || { rm -f "$pid_file"; echo "    stopped (pid $pid)"; return 0; }
    sleep 0.1
  done
  echo "    pid $pid has not ended 10 s after SIGTERM; see $home/dealogd.log" >&2
  return 1
}

start_server() {
  mkdir -p "$home"
  if running && "$bin/dealog" --server "$(cat "$home/address")" server info >/dev/null 2>&1; then
    echo "    running already (pid $(cat "$pid_file"), $(cat "$home/address"))"
    return 0
  fi
  : >"$home/ready"
  "$bin/dealogd" --data-dir "$home/data" --listen "127.0.0.1:$port" \
    --backup-dir "$home/backups" >"$home/ready" 2>>"$home/dealogd.log" </dev/null &
  echo $! >"$pid_file"
  for _ in $(seq 300); do
    if grep -q '^ready ' "$home/ready"; then
      sed -n 's/^ready //p' "$home/ready" >"$home/address"
      echo "    serving on $(cat "$home/address") (pid $(cat "$pid_file"), log $home/dealogd.log)"
      return 0
    fi
    running || { tail -n 5 "$home/dealogd.log" >&2; return 1; }
    sleep 0.1
  done
  echo "    not ready after 30 s; see $home/dealogd.log" >&2
  return 1
}

# Runs the command line against our server and tenant.
dealog() { "$bin/dealog" --server "$(cat "$home/address")" --tenant "$tenant" "$@"; }

create_tenant() {
  if dealog tenant get "$tenant" >/dev/null 2>&1; then
    echo "    tenant $tenant exists"
  else
    dealog tenant create "$tenant" --time-zone Europe/Paris --currency EUR
  fi
}

# Prints a command as a user would type it, then what it answers.
show() {
  printf '\n$ dealog'
  printf ' %q' "$@"
  printf '\n'
  dealog "$@"
}

tour() {
  local pipeline=$1 deal
  show board --pipeline "$pipeline"
  show kpi conversion --pipeline "$pipeline" --group-by source
  show kpi win-rate --pipeline "$pipeline" --group-by owner
  show kpi cycle --pipeline "$pipeline"
  show kpi stages --pipeline "$pipeline"
  show board --pipeline "$pipeline" --column-by decision-month
  deal=$(dealog deal list --filter 'cycle > 1' --page-size 1 --output json |
    sed -n 's/.*"dealId": *"\([^"]*\)".*/\1/p' | head -n 1)
  [ -n "$deal" ] || deal=$(dealog deal list --page-size 1 --output json |
    sed -n 's/.*"dealId": *"\([^"]*\)".*/\1/p' | head -n 1)
  show deal history "$deal"
}

case $action in
  stop) step "Stop" stop_server; exit 0 ;;
  reset) step "Stop" stop_server; rm -rf "$home/data"; echo "    deleted $home/data" ;;
esac

step "Debian packages" install_packages
step "Build (release)" build release dealogd dealog
step "Server" start_server
step "Tenant" create_tenant
step "Sample of $deals deals" dealog sample --deals "$deals" --seed 1
pipeline=Ventes  # The larger one of the two that the sample makes.
step "A look around" tour "$pipeline"

cat <<TEXT

The server is running. What to try next (the command line is $bin/dealog):
  export PATH=$bin:\$PATH DEALOG_SERVER=$(cat "$home/address") DEALOG_TENANT=$tenant
  dealog board --pipeline "$pipeline" --as-of $(date -d '-90 days' +%F)      the board as it was 90 days ago
  dealog kpi win-rate --pipeline "$pipeline" --group-by month --by value
  dealog log tail                                            follow the events
  dealog log verify                                          every byte, index row and tree
  dealog backup create nightly                               then: dealog backup list
  dealog workflow apply deploy/examples/negotiation-task.yaml   then move a deal to that stage
  dealog --help
  ./deploy/quickstart.sh --stop
TEXT
