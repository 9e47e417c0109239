# What the tests of real programs share. Each does a job plain and under detect and holds the two
# against each other: same result, same exit code, no deadlock proven, the speed side by side.
#
# Source it with the path of `detect` as the test's first argument.
# shellcheck shell=bash
set -euo pipefail

detect=$1
scratch=$(mktemp -d -p "${TEST_TMPDIR:-/tmp}")
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# Fails where the report of `under_detect` is not there or proves a deadlock.
check_report() {
  /usr/bin/python3 - "$scratch/report.json" >&2 <<'END' || fail "see above"
import json, sys
report = json.load(open(sys.argv[1], encoding="utf-8"))
print("losses:", report["losses"])
for finding in report["findings"]:
    print(finding["verdict"], finding["summary"])
sys.exit(any(finding["verdict"] == "proven" for finding in report["findings"]))
END
}

# Runs a command under detect.
under_detect() {
  local status=0
  rm -f "$scratch/report.json"
  "$detect" run -o "$scratch/report.json" -- "$@" || status=$?
  check_report
  return "$status"
}

# timed NAME COMMAND... runs a command that must succeed and notes the seconds it took.
timed() {
  local name=$1 begin=$EPOCHREALTIME
  shift
  "$@" || fail "exit code $? of: $*"
  awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }' >"$scratch/$name.seconds"
}

# pair NAME UNIT PLAIN OURS prints the line that `./dev test --realworld` shows: more is better.
pair() {
  awk -v name="$1" -v unit="$2" -v plain="$3" -v ours="$4" 'BEGIN {
    printf "PAIR %-25s %11.2f plain %11.2f detect  %-7s  ratio %.3f\n",
      name, plain, ours, unit, ours / plain
  }'
}

# timed_pair NAME is `pair` for a job that was timed as plain and as ours.
timed_pair() {
  per_minute() { awk '{ print 60 / $1 }' "$scratch/$1.seconds"; }
  pair "$1" "per min" "$(per_minute plain)" "$(per_minute ours)"
}
