#!/usr/bin/python3
"""Runs one scenario by one route and holds its report against what the table expects.

Routes: `detect run`, plain LD_PRELOAD, and linked (the program watches itself). The report must
match the schema, each finding must be of the expected kind, and each thread of a cycle must be
said to wait on a source line that the program marks with "// blocks".
"""

import argparse
import json
import os
import signal
import subprocess
import sys

import jsonschema

TIMEOUT_SECONDS = 50


def run(arguments, report_path):
    """Returns the program's exit code and what it wrote to both streams."""
    command = [os.path.abspath(arguments.program)] + arguments.program_arg
    options = ["on-deadlock=exit"] + arguments.option
    environment = dict(os.environ)
    if arguments.route == "run":
        flags = ["--" + option for option in options]
        command = [arguments.detect, "run", "-o", report_path] + flags + ["--"] + command
    else:
        environment["DETECT_OPTIONS"] = ":".join(["output=" + report_path] + options)
    if arguments.route == "preload":
        environment["LD_PRELOAD"] = os.path.abspath(arguments.shim)
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nended after {TIMEOUT_SECONDS} seconds"
    return process.returncode, output


def describe(finding, report):
    """Returns a finding in the words of the table."""
    names = {thread["id"]: thread["name"] for thread in report["threads"]}
    queued = [step for step in finding["queued"] if names[step["thread"]] != "main"]
    return (
        f"{finding['rule']}, {finding['verdict']}: "
        f"a cycle of {len(finding['cycle'])}, {len(queued)} queued"
    )


def matches(found, expected):
    """Returns whether each text found is one that is expected, in any order, and none is missing."""
    missing = list(expected)
    for text in found:
        choice = next((choices for choices in missing if text in choices.split(" | ")), None)
        if choice is None:
            return False
        missing.remove(choice)
    return not missing


def lines_that_block(source):
    with open(source, encoding="utf-8") as lines:
        return {number for number, line in enumerate(lines, 1) if "// blocks" in line}


def misplaced_steps(report, source):
    """Returns a complaint for each step of a cycle that does not wait on a marked line."""
    marked = lines_that_block(source)
    complaints = []
    for finding in report["findings"]:
        for step in finding["cycle"]:
            lines = [
                frame["line"]
                for frame in step["stack"]
                if os.path.basename(frame.get("file", "")) == os.path.basename(source)
            ]
            if not lines or lines[0] not in marked:
                complaints.append(
                    f"thread {step['thread']} waits on line {lines[:1]}, not one of {sorted(marked)}"
                )
    return complaints


def complaints_about(arguments, exit_code, report_path):
    complaints = []
    if exit_code != arguments.exit_code:
        complaints.append(f"exit code {exit_code}, expected {arguments.exit_code}")
    if not os.path.exists(report_path):
        return complaints + ["no report was written"]
    with open(report_path, encoding="utf-8") as file:
        report = json.load(file)
    with open(arguments.schema, encoding="utf-8") as file:
        jsonschema.validate(report, json.load(file))
    found = [describe(finding, report) for finding in report["findings"]]
    if not matches(found, arguments.finds):
        complaints.append(f"found {found}, expected {arguments.finds}")
    return complaints + misplaced_steps(report, arguments.source)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--route", choices=["run", "preload", "linked"], required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--program-arg", action="append", default=[])
    parser.add_argument("--source", required=True, help="the program's own source file")
    parser.add_argument("--detect", help="the command, for the route run")
    parser.add_argument("--shim", help="libdetect_preload.so, for the route preload")
    parser.add_argument("--schema", required=True)
    parser.add_argument("--option", action="append", default=[], help="name=value for detect")
    parser.add_argument("--exit-code", type=int, required=True)
    parser.add_argument("--finds", action="append", default=[], help="as describe() words it; alternatives apart by ' | '")
    arguments = parser.parse_args()

    report_path = os.path.join(os.environ.get("TEST_TMPDIR", "/tmp"), f"report.{os.getpid()}.json")
    exit_code, output = run(arguments, report_path)
    complaints = complaints_about(arguments, exit_code, report_path)
    if not complaints:
        return 0
    print(output)
    if os.path.exists(report_path):
        with open(report_path, encoding="utf-8") as file:
            print(file.read())
    for complaint in complaints:
        print("FAILED:", complaint)
    return 1


if __name__ == "__main__":
    sys.exit(main())
