#!/usr/bin/env bash
# What `./dev demo` shows is what happened: both tellings name both threads, both locks, and lines.
set -euo pipefail

screen=$(TMPDIR=$TEST_TMPDIR tests/scenarios/chapter/demo.sh "$@" 2>&1) || {
  echo "$screen"
  exit 1
}
status=0
for text in \
  'monitoring thread: deadlock detected' \
  '"thread #1" waits for lock_two at deadlock_linked.cc:' \
  '"thread #2 (reversed)" waits for lock_one at deadlock_linked.cc:' \
  'DEADLOCK (proven)' 'thread #2 (rev)' 'lock_one' 'lock_two' 'deadlock_std.cc:' 'Fix:'; do
  grep -qF -- "$text" <<<"$screen" || {
    echo "missing: $text"
    status=1
  }
done
((status == 0)) || echo "$screen"
exit "$status"
