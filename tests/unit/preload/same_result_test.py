#!/usr/bin/python3
"""Runs each case of a subject with and without the shim: what a program sees must be the same."""

import os
import subprocess
import sys
import tempfile
import unittest

SHIM, SUBJECT = (os.path.abspath(path) for path in sys.argv[1:3])
TIMEOUT_SECONDS = 50


def run(case, **environment):
    """Returns the exit code and all that the case said."""
    done = subprocess.run(
        [SUBJECT, *case],
        env={"PATH": "/bin:/usr/bin", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode().splitlines()


class SameResult(unittest.TestCase):
    maxDiff = None

    def check(self, case):
        plain = run([case])
        self.assertNotIn(plain[0], (2, 3), "the subject could not run its case")

        self.assertEqual(run([case], LD_PRELOAD=SHIM), plain, "preloaded")

        with tempfile.TemporaryDirectory() as place:
            observed = run([case], LD_PRELOAD=SHIM, DETECT_OPTIONS="region-dir=" + place)
            self.assertTrue(os.listdir(place), "nothing was recorded")
        self.assertEqual(observed, plain, "observed from outside")


def add_tests():
    cases = run([])[1]
    assert cases, "the subject has no cases"
    for case in cases:
        setattr(SameResult, "test_" + case, lambda self, case=case: self.check(case))


if __name__ == "__main__":
    add_tests()
    unittest.main(argv=sys.argv[:1])
