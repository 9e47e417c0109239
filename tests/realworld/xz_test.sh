#!/usr/bin/env bash
# xz with four threads compresses to the same bytes, and back.
source tests/realworld/lib.sh

seq 1 2000000 >"$scratch/input"
compress() { "$@" xz -T4 -2 --block-size=1MiB -c "$scratch/input"; }

timed plain compress >"$scratch/plain.xz"
timed ours compress under_detect >"$scratch/ours.xz"
cmp "$scratch/plain.xz" "$scratch/ours.xz" || fail "the compressed files differ"
under_detect xz -T4 -d -c "$scratch/ours.xz" >"$scratch/back" || fail "exit code $?"
cmp "$scratch/input" "$scratch/back" || fail "what came back is not what went in"
timed_pair "xz -T4"
