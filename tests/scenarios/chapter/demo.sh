#!/usr/bin/env bash
# The same deadlock twice, as `./dev demo` shows it: found by the program itself, and in a program
# that knows of nothing. Arguments: deadlock_linked, deadlock_std, detect.
set -euo pipefail

linked=$1 plain=$2 detect=$3
report=${TMPDIR:-/tmp}/detect-demo-report.json

echo "1. A program that links libdetect and asks detect::FindDeadlockedThreads():"
echo
"$linked"
echo
echo "2. The same with plain std::mutex, unmodified, under the command:"
echo
echo "\$ detect run -o $report -- ./deadlock_std"
status=0
"$detect" run -o "$report" -- "$plain" || status=$?
echo
echo "Its exit code is $status: 66 says that detect found something. The report: $report"
((status == 66))
