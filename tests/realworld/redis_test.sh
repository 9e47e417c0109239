#!/usr/bin/env bash
# redis-server, with threads for its I/O, serves redis-benchmark, keeps what it was given, and stops
# when it is told to. All of it on the loopback.
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

# serve NAME [under_detect] runs the server through one benchmark and leaves the rates in NAME.csv.
serve() {
  local name=$1
  shift
  port=$(free_port)
  "$@" redis-server --port "$port" --bind 127.0.0.1 --save '' --io-threads 2 \
    --io-threads-do-reads yes --dir "$scratch" >"$scratch/$name.log" 2>&1 &
  server=$!
  await_server
  redis-benchmark -h 127.0.0.1 -p "$port" -n 20000 -c 20 -P 4 -t set,get,lpush --csv \
    >"$scratch/$name.csv"
  redis-cli -p "$port" set proof "kept" >/dev/null
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
serve plain
serve ours under_detect
for command in SET GET LPUSH; do
  pair "redis $command" req/s "$(rate plain "$command")" "$(rate ours "$command")"
done
