#!/usr/bin/python3
"""How fast whole programs are, plain and under the shim: RocksDB's db_bench, in turns.

Usage: whole_program_benchmark.py SHIM DETECT
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from side_by_side import Route, in_turns, judge, preloaded, under_detect

ROUNDS = 7
BUDGET = 0.97
BENCHMARKS = ("fillrandom", "readrandom", "readwhilewriting")


def run_db_bench(route):
    """Returns operations per second of each benchmark."""
    with tempfile.TemporaryDirectory() as directory:
        output = subprocess.run(
            route.prefix
            + ["db_bench", "--benchmarks=" + ",".join(BENCHMARKS), "--num=100000", "--threads=2"]
            + ["--write_buffer_size=4194304", "--histogram=0", "--seed=1", "--db=" + directory],
            env=route.environment,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout
    speeds = dict(re.findall(r"^(\w+) +: .* (\d+) ops/sec", output.replace("\r", "\n"), re.M))
    return {name: float(speeds[name]) for name in BENCHMARKS}


def main():
    if shutil.which("db_bench") is None:
        print("db_bench is not installed (package rocksdb-tools): not measured.")
        return
    shim, detect = sys.argv[1:]
    routes = [Route("plain"), preloaded(shim), under_detect(detect)]
    results = in_turns(routes, ROUNDS, run_db_bench)

    print(f"db_bench, operations per second: medians of {ROUNDS} runs in turns. The ratio is the")
    print(f"median of those of pairs. Budget: {BUDGET} x plain.")
    print(" " * 20 + "".join(f"{route.name:26}" for route in routes).rstrip())
    for name in BENCHMARKS:
        plain = [result[name] for result in results["plain"]]
        cells = [f"{statistics.median(plain):10,.0f}"]
        for route in routes[1:]:
            speeds = [result[name] for result in results[route.name]]
            ratio = statistics.median(ours / theirs for ours, theirs in zip(speeds, plain))
            cells.append(f"{statistics.median(speeds):10,.0f}  {judge(ratio, least=BUDGET)}")
        print(f"  {name:18}" + "".join(f"{cell:26}" for cell in cells).rstrip())


if __name__ == "__main__":
    main()
