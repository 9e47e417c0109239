#!/usr/bin/env bash
# Checks one C++ file by the rules of .clang-tidy. Says nothing when it is clean.
set -euo pipefail

# A scenario that has two forms is checked in the one that only some have.
# <backtrace.h> lives among GCC's own headers, which must not come before clang's.
if ! output=$(clang-tidy-14 --quiet "$1" -- -x c++ -std=c++20 -I. -DSCENARIO_LINKED \
  -idirafter "$(gcc -print-file-name=include)" -Wall -Wextra -Wno-unused-parameter 2>&1); then
  grep -v ' generated.$' <<<"$output"
  exit 1
fi
