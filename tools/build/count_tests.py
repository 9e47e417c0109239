#!/usr/bin/python3
"""Counts the tests that Bazel ran: `count_tests.py EVENTS...` prints "N passed, N failed".

EVENTS are files of --build_event_json_file. Each case of a GoogleTest program counts, as does each
other test; one whose result came from the cache counts as what it was. The exit code is 1 when any
failed.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree


def count_cases(path):
    """Returns how many cases of a test.xml passed and failed; skipped ones are neither."""
    passed = failed = 0
    try:
        cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 0
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.get("result") != "suppressed" and case.find("skipped") is None:
            passed += 1
    return passed, failed


def count_result(result):
    """Returns how many cases of one run of one test target passed and failed."""
    paths = [
        urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
        for output in result.get("testActionOutput", [])
        if output["name"] == "test.xml" and "uri" in output
    ]
    passed, failed = count_cases(paths[0]) if paths else (0, 0)
    if result["status"] in ("PASSED", "FLAKY"):
        return max(passed, 1), 0
    # A program that crashed or hung may have had no time to write down what failed.
    return passed, max(failed, 1)


def main():
    passed = failed = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as events:
            for event in map(json.loads, events):
                if "testResult" in event:
                    counts = count_result(event["testResult"])
                    passed += counts[0]
                    failed += counts[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
