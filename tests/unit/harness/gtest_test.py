#!/usr/bin/python3
"""Runs tests that fail by themselves, and looks at what GoogleTest's user sees of it."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SUBJECT = os.path.abspath(sys.argv[1])
TIMEOUT_SECONDS = 100


class Harness(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = place.name
        self.report = os.path.join(self.place, "gtest_subject.detect.json")

    def run_tests(self, pattern, *flags, **environment):
        """Returns exit code, output and the XML's failures by test."""
        path = os.path.join(self.place, "out.xml")
        command = [SUBJECT, "--gtest_filter=" + pattern, "--gtest_output=xml:" + path, *flags]
        environment = {"PATH": "/bin:/usr/bin", "DETECT_RERUNS": "0", **environment}
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        cases = xml.etree.ElementTree.parse(path).iter("testcase")
        failures = {
            case.get("classname") + "." + case.get("name"): [f.text for f in case.iter("failure")]
            for case in cases
            if case.get("status") == "run"
        }
        return done.returncode, done.stdout, failures

    def assert_fails(self, name, *patterns, **environment):
        """Runs one test, whose failures must be told alike in the output and in the XML."""
        code, output, failures = self.run_tests(name, **environment)
        self.assertEqual(code, 1, output)
        for text in (output, "\n".join(failures[name])):
            for pattern in patterns:
                self.assertRegex(text, pattern)
        return output

    def test_a_pass_prints_its_figures(self):
        code, output, failures = self.run_tests("Passes.*")

        self.assertEqual(code, 0, output)
        self.assertEqual(failures, {"Passes.BehindALock": []})
        self.assertRegex(output, r"4 threads, 100 rounds, 4000 calls; overlap in \d+ rounds")

    def test_a_hang_tells_who_waits_for_whom_and_the_next_test_runs(self):
        code, output, failures = self.run_tests("Hangs.InADeadlock:Passes.*", "--gtest_repeat=2")

        self.assertEqual(code, 1, output)
        self.assertEqual(failures["Passes.BehindALock"], [])
        self.assertEqual(len(failures["Hangs.InADeadlock"]), 1, "one failure, not one a teller")
        for text in (output, failures["Hangs.InADeadlock"][0]):
            self.assertIn("DEADLOCK (proven)", text)
            self.assertRegex(text, r"contended worker 0.* holds first.*waits for second")
            self.assertRegex(text, r"contended worker 1.* holds second.*waits for first")
            self.assertRegex(text, r"Take(\(.*\))?  .*gtest_subject.cc:\d+")
            self.assertIn("--gtest_filter=Hangs.InADeadlock", text)

    def test_a_test_that_can_never_end_is_ended_with_a_report(self):
        output = self.assert_fails("Hangs.InTheTestItself", "SELF-DEADLOCK", "main  holds lock")
        self.assertIn("tests after it were not run", output)
        self.assertTrue(os.path.exists(self.report))

    def test_each_test_has_a_timeout(self):
        self.assert_fails("Hangs.ForEver", r"has run for .* s", "runs\n", DETECT_TEST_TIMEOUT="0.2")
        self.assert_fails("Hangs.ForEver", r"has run for .* s", "runs\n", TEST_TIMEOUT="0.2")

    def test_a_timeout_that_is_none_is_refused(self):
        code, output, _ = self.run_tests("Passes.*", DETECT_TEST_TIMEOUT="soon")

        self.assertEqual(code, 0)
        self.assertIn("DETECT_TEST_TIMEOUT is not a number of seconds", output)

    def test_what_is_found_fails_the_test_where_it_happened(self):
        self.assert_fails(
            "Finds.WhatNobodyExpects",
            r"gtest_subject.cc:\d+(: Failure)?\nFailed\ndetect: DEADLOCK",
            "writer",
            "auditor",
        )
        self.assert_fails("Finds.Misuse", "HELD-AT-EXIT", "keeper")

    def test_the_report_goes_to_the_undeclared_outputs_first(self):
        outputs = os.path.join(self.place, "outputs")
        os.mkdir(outputs)
        self.run_tests("Finds.WhatNobodyExpects", TEST_UNDECLARED_OUTPUTS_DIR=outputs)

        self.assertEqual(os.listdir(outputs), ["gtest_subject.detect.json"])
        self.assertFalse(os.path.exists(self.report))

    def test_what_is_expected_and_found_is_no_failure(self):
        code, output, _ = self.run_tests("Finds.WhatIsExpected")

        self.assertEqual(code, 0, output)

    def test_failures_of_threads_come_with_thread_round_and_seed(self):
        place = r"contended worker 3, round 0, seed \d+: "
        self.assert_fails("Carries.AnException", place + ".*std::runtime_error: out of order")
        self.assert_fails("Carries.AnExpectation", place + "Expected: .*\nthe third")
        output = self.assert_fails("Carries.AnAssertion", place + "Expected: ")
        self.assertNotIn("it went on", output)

    def test_an_operation_that_exits_is_told(self):
        self.assert_fails("Exits.FromTheOperation", r"contended worker 3, .*called exit")

    def test_a_fixture_is_set_up_and_checked_around_each_round(self):
        code, output, _ = self.run_tests("Counted.IsSetUpAndCheckedAroundEachRound")

        self.assertEqual(code, 0, output)
        self.assert_fails("Counted.IsCheckedByItsAssertions", "round 0, seed", "Which is: 19")

    def test_death_tests_work_beside_the_listener(self):
        # Again and again: the monitor may be in the middle of a look when the test forks.
        code, output, _ = self.run_tests("DiesDeathTest.*", "--gtest_repeat=50")

        self.assertEqual(code, 0, output)

    def test_a_shard_runs_its_share(self):
        names = set()
        for index in "01":
            _, _, failures = self.run_tests(
                "Passes.*:DiesDeathTest.*", GTEST_TOTAL_SHARDS="2", GTEST_SHARD_INDEX=index
            )
            names |= set(failures)
        self.assertEqual(names, {"Passes.BehindALock", "DiesDeathTest.BesidesTheListener"})

    def test_the_line_to_run_it_again_fails_at_once_and_so_do_its_re_runs(self):
        code, output, _ = self.run_tests("Depends.OnTheSeed", DETECT_RERUNS="1")

        self.assertEqual(code, 1)
        self.assertIn("failed 20 times in 20 runs", output)
        seed = re.search(r"Again: DETECT_SEED=(\d+) ", output).group(1)
        again = self.assert_fails("Depends.OnTheSeed", "round 0, seed " + seed, DETECT_SEED=seed)
        self.assertIn(" 1 rounds", again)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
