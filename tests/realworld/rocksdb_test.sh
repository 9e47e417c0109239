#!/usr/bin/env bash
# RocksDB's own benchmark writes and reads with four threads, with compactions in the background.
source tests/realworld/lib.sh

work() {
  local db=$1
  shift
  "$@" db_bench --benchmarks=fillrandom,readrandom,readwhilewriting,compact --num=20000 \
    --threads=4 --write_buffer_size=1048576 --histogram=0 --seed=1 --db="$db" 2>&1 |
    tr '\r' '\n'
}
operations() { awk -v name="$2" '$1 == name { print $5 }' "$1"; }

timed plain work "$scratch/plain.db" >"$scratch/plain.txt"
timed ours work "$scratch/ours.db" under_detect >"$scratch/ours.txt"
for benchmark in fillrandom readrandom readwhilewriting; do
  ops=$(operations "$scratch/ours.txt" "$benchmark")
  [[ -n $ops ]] || {
    cat "$scratch/ours.txt"
    fail "$benchmark did not run"
  }
  pair "db_bench $benchmark" op/s "$(operations "$scratch/plain.txt" "$benchmark")" "$ops"
done
