#!/usr/bin/python3
"""What one scan costs with rings of blocked threads, beside the JVM's findDeadlockedThreads.

Usage: ring_scan_benchmark.py RING_SCAN RING_SCAN_JAVA
"""

import os
import shutil
import subprocess
import sys

from side_by_side import Route, in_turns, judge, medians

ROUNDS = 5
SIZES = (100, 1_000, 4_000)
BUDGET = 0.5


def main():
    ring_scan, java_source = sys.argv[1:]
    ours = Route("detect", prefix=[os.path.abspath(ring_scan)])
    routes = [ours]
    # Running a source file takes the compiler as well.
    if shutil.which("javac") is not None:
        routes.append(Route("JVM", prefix=["java", os.path.abspath(java_source)]))

    def measure(route):
        return {
            size: float(
                subprocess.check_output(route.prefix + [str(size)], env=route.environment, text=True)
            )
            for size in SIZES
        }

    costs = {name: medians(result) for name, result in in_turns(routes, ROUNDS, measure).items()}
    print(f"One scan of a ring of blocked threads: medians of {ROUNDS} runs in turns, microseconds.")
    print(f"Budget: {BUDGET} x the JVM's findDeadlockedThreads, which stops all threads meanwhile.")
    for size in SIZES:
        line = f"  {size:5,} threads   detect {costs['detect'][size]:8.1f}"
        if "JVM" in costs:
            jvm = costs["JVM"][size]
            line += f"   JVM {jvm:8.1f}   {judge(costs['detect'][size] / jvm, most=BUDGET)}"
        print(line)
    if "JVM" not in costs:
        print("  There is no JDK here (package default-jdk-headless): the budget was not checked.")


if __name__ == "__main__":
    main()
