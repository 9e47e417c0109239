#!/usr/bin/python3
"""What lock() and unlock() cost: std::mutex plain, detect::mutex linked, std::mutex preloaded.

Usage: lock_cost_benchmark.py LOCK_COST LOCK_COST_LINKED SHIM DETECT
"""

import os
import re
import shutil
import subprocess
import sys

from side_by_side import Route, in_turns, judge, medians, preloaded, under_detect

ROUNDS = 9
# By what a case's cost may be times that of the plain one when preloaded.
BUDGETS = {
    "uncontended": 1.15,
    "nested": 1.25,
    "uncontended-single": 1.15,
    "nested-single": 1.25,
    "contended": None,
}
MEANINGS = {
    "uncontended": "lock + unlock",
    "nested": "two nested locks",
    "uncontended-single": "lock + unlock, in a process of one thread",
    "nested-single": "two nested locks, in a process of one thread",
    "contended": "lock + unlock, two threads at one lock",
}


def measure(route):
    """Returns (case, unit) -> cost per operation."""
    output = subprocess.run(
        route.prefix + [route.program],
        env=route.environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    costs = {}
    for line in output.splitlines():
        case, *values = line.split()
        for unit, value in zip(("ns", "cycles", "instructions"), values):
            costs[case, unit] = float(value)
    return costs


def count_with_callgrind(route, case):
    """Returns the instructions per operation, for machines whose kernel counts none for us."""

    def total(count):
        # A monitor that looks while the program runs would be counted as well.
        environment = dict(route.environment, DETECT_OPTIONS="interval=3600000")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
        errors = subprocess.run(
            command + [route.program, case, str(count)],
            env=environment,
            check=True,
            stderr=subprocess.PIPE,
            text=True,
        ).stderr
        return int(re.search(r"Collected : (\d+)", errors).group(1))

    count = 10_000
    return (total(2 * count) - total(count)) / count


def add_instructions(routes, costs):
    """Fills in the instructions where the kernel gave none. Returns how they were counted."""
    if costs[routes[0].name]["uncontended", "instructions"] > 0:
        return "counted by the kernel, in user space"
    if shutil.which("valgrind") is None:
        return "not counted: this machine's kernel does not, and valgrind is not installed"
    for route in routes:
        if route.prefix:
            continue
        for case in BUDGETS:
            if case != "contended":
                costs[route.name][case, "instructions"] = count_with_callgrind(route, case)
    return "counted by valgrind --tool=callgrind"


def show(routes, costs, case):
    """Prints one case: a line a unit, each route beside the plain one."""
    plain = costs[routes[0].name]
    # A count has nobody else's load in it; where there is none, the time is what is judged.
    judged = "cycles" if plain[case, "cycles"] > 0 else "ns"
    budget = BUDGETS[case]
    print(f"\n{MEANINGS[case]}" + (f"    budget, preloaded: {budget:.2f} x plain" if budget else ""))
    for unit in ("ns", "cycles", "instructions"):
        if plain[case, unit] <= 0:
            continue
        cells = [f"{plain[case, unit]:8.1f}"]
        for route in routes[1:]:
            cost = costs[route.name][case, unit]
            if cost <= 0:
                cells.append(" " * 8 + "-")
                continue
            most = budget if unit == judged and route.name != "linked" else None
            cells.append(f"{cost:8.1f}  {judge(cost / plain[case, unit], most=most)}")
        print(f"  {unit:13}" + "".join(f"{cell:24}" for cell in cells).rstrip())


def main():
    plain_program, linked_program, shim, detect = sys.argv[1:]
    routes = [Route("plain"), Route("linked"), preloaded(shim), under_detect(detect)]
    for route in routes:
        program = linked_program if route.name == "linked" else plain_program
        route.program = os.path.abspath(program)

    results = in_turns(routes, ROUNDS, measure)
    costs = {name: medians(result) for name, result in results.items()}
    note = add_instructions(routes, costs)

    print(f"Locks: medians of {ROUNDS} runs in turns, and times the plain one. Instructions: {note}.")
    print(" " * 15 + "".join(f"{route.name:24}" for route in routes).rstrip())
    for case in BUDGETS:
        show(routes, costs, case)


if __name__ == "__main__":
    main()
