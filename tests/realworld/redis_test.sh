#!/usr/bin/env bash
# redis-server serves redis-benchmark, keeps what it was given, and stops when it is told to, with
# threads for its I/O and without. All of it on the loopback.
source tests/realworld/lib.sh

free_port() {
  /usr/bin/python3 -c '
import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])'
}

await_server() {
  local attempt
  for attempt in {1..300}; do
    [[ $(redis-cli -p "$port" ping 2>/dev/null) != PONG ]] || return 0
    kill -0 "$server" 2>/dev/null || fail "the server ended at once"
    sleep 0.1
  done
  fail "no answer after $attempt attempts"
}

# serve NAME REQUESTS [COMMAND...] runs the server by COMMAND through one benchmark, and leaves the
# rates in NAME.csv. The array server_options is the server's.
serve() {
  local name=$1 requests=$2
  shift 2
  port=$(free_port)
  "$@" redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$scratch" \
    "${server_options[@]}" >"$scratch/$name.log" 2>&1 &
  server=$!
  await_server
  redis-benchmark -h 127.0.0.1 -p "$port" -n "$requests" -c 20 -t set,get,lpush --csv \
    >"$scratch/$name.csv"
  redis-cli -p "$port" set proof kept >/dev/null
  [[ $(redis-cli -p "$port" get proof) == kept ]] || fail "a value was lost"
  redis-cli -p "$port" shutdown nosave || fail "no shutdown"
  wait "$server" || {
    cat "$scratch/$name.log"
    fail "exit code $? of the server"
  }
}
rate() { awk -F '"' -v name="$2" '$2 == name { print $4 }' "$scratch/$1.csv"; }

stop_server() { redis-cli -p "$port" shutdown nosave || kill "$server" || true; }
trap 'stop_server &>/dev/null; rm -rf "$scratch"' EXIT
server_options=()
serve plain 40000
serve ours 40000 under_detect
# Threads for I/O hand over by mutexes, and spin: with few processors that is slow, detect or not.
server_options=(--io-threads 3 --io-threads-do-reads yes)
serve threaded 1000 under_detect
for command in SET GET LPUSH; do
  pair "redis $command" req/s "$(rate plain "$command")" "$(rate ours "$command")"
done
