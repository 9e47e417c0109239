#!/usr/bin/env bash
# pbzip2 compresses to the same bytes, and back.
source tests/realworld/lib.sh

seq 1 2000000 >"$scratch/input"
compress() { "$@" pbzip2 -p4 -b5 -c "$scratch/input"; }

timed plain compress >"$scratch/plain.bz2"
timed ours compress under_detect >"$scratch/ours.bz2"
cmp "$scratch/plain.bz2" "$scratch/ours.bz2" || fail "the compressed files differ"
under_detect pbzip2 -p4 -d -c "$scratch/ours.bz2" >"$scratch/back" || fail "exit code $?"
cmp "$scratch/input" "$scratch/back" || fail "what came back is not what went in"
timed_pair pbzip2
