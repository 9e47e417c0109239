#!/usr/bin/env bash
# Python's threads, locks, conditions and queues compute the same, and an exit code comes through.
source tests/realworld/lib.sh

work() { "$@" /usr/bin/python3 tests/realworld/python_work.py; }

timed plain work >"$scratch/plain.txt"
timed ours work under_detect >"$scratch/ours.txt"
cmp "$scratch/plain.txt" "$scratch/ours.txt" || fail "the results differ"
status=0
under_detect /usr/bin/python3 -c 'raise SystemExit(7)' || status=$?
((status == 7)) || fail "exit code $status, not 7"
timed_pair python3
