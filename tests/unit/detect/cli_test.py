#!/usr/bin/python3
"""Runs the real `detect` and looks at what a shell sees of it: exit code, streams, files."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

DETECT, SUBJECT, STATIC, SANITIZED, SLEEPLESS, SLEEPLESS_LINKED = (
    os.path.abspath(path) for path in sys.argv[1:7]
)
TIMEOUT_SECONDS = 50


class Cli(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.place)
        self.runtime = os.path.join(self.place, "runtime")
        os.mkdir(self.runtime, 0o700)
        self.environment = {
            "PATH": "/bin:/usr/bin",
            "XDG_RUNTIME_DIR": self.runtime,
            "TERM": "xterm",
        }

    def tearDown(self):
        self.assertEqual(os.listdir(self.runtime), [], "left in the run's directory")

    def start(self, *words, **more):
        """Starts detect in a directory of the test's own."""
        more = {"env": self.environment, **more}
        return subprocess.Popen(
            [DETECT, *words],
            cwd=self.place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )

    def detect(self, *words, **more):
        """Returns exit code, standard output and standard error of a whole run of detect."""
        with self.start(*words, **more) as process:
            output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, output, errors

    def report(self, name):
        with open(os.path.join(self.place, name), encoding="utf-8") as file:
            return json.load(file)

    def path(self, name):
        return os.path.join(self.place, name)


class Usage(Cli):
    def test_mistakes_are_refused_with_what_was_meant(self):
        for words, said in [
            ([], "detect run ./server"),
            (["rnu"], "did you mean 'run'"),
            (["run"], "no program is given"),
            (["run", "--"], "no program is given"),
            (["run", "-o"], "-o wants a file"),
            (["run", "-x", "true"], "unknown option '-x'"),
            (["run", "--intervall=3", "true"], "did you mean 'interval'"),
            (["run", "--interval=0", "true"], "bad value '0' for interval"),
            (["run", "--interval", "3", "true"], "bad value '' for interval"),
            (["run", "--on-deadlock=victim", "true"], "linked"),
            (["run", "--perturb=on", "true"], "off|mixed|yield"),
            (["explain", "deadlok"], "did you mean 'deadlock'"),
        ]:
            with self.subTest(words=words):
                code, output, errors = self.detect(*words)
                self.assertEqual((code, output), (2, ""))
                self.assertIn(said, errors)

    def test_help_begins_with_what_it_is_and_examples(self):
        for words in (["--help"], ["run", "--help"], ["ru", "-h"], ["explain", "--help"]):
            with self.subTest(words=words):
                code, output, errors = self.detect(*words)
                self.assertEqual((code, errors), (0, ""))
                self.assertTrue(output.startswith("detect"), output)
                self.assertTrue(output.splitlines()[2].startswith("  detect "), output)

    def test_every_option_is_in_the_help_but_the_one_for_the_shim(self):
        _, output, _ = self.detect("run", "--help")
        for name in ("on-deadlock", "fail-on", "output", "interval", "enabled", "options-file"):
            self.assertIn(f"--{name}=", output)
        self.assertNotIn("region-dir", output)

    def test_every_rule_is_explained(self):
        for rule in ("deadlock", "self-deadlock"):
            code, output, _ = self.detect("explain", rule)
            self.assertEqual(code, 0)
            self.assertIn(rule, output)


class ExitCode(Cli):
    def test_it_is_the_programs_own_when_nothing_is_found(self):
        for script, expected in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)]:
            with self.subTest(script=script):
                self.assertEqual(self.detect("run", "sh", "-c", script), (expected, "", ""))

    def test_programs_that_cannot_be_observed_are_refused(self):
        setuid = self.path("setuid")
        shutil.copy("/bin/true", setuid)
        os.chmod(setuid, 0o4755)
        plain = self.path("plain")
        with open(plain, "w", encoding="utf-8") as file:
            file.write("text")
        for program, expected, said in [
            ("no-such-program", 127, "in no directory of PATH"),
            ("./no-such-program", 127, "No such file"),
            (self.place, 126, "directory"),
            (plain, 126, "chmod +x"),
            (STATIC, 125, "statically"),
            (setuid, 125, "setuid"),
            (SANITIZED, 125, "-fsanitize=thread"),
        ]:
            with self.subTest(program=program):
                code, _, errors = self.detect("run", program)
                self.assertEqual(code, expected)
                self.assertTrue(errors.startswith("detect run: "), errors)
                self.assertIn(said, errors)
                self.assertIn("\n  ", errors)

    def test_a_deadlock_gives_66_and_a_policy_may_want_less(self):
        for options, expected in [
            ([], 66),
            (["--fail-on=proven"], 66),
            (["--fail-on=never"], 128 + signal.SIGTERM),
            (["--on-deadlock=abort"], 66),
            (["--on-deadlock=abort", "--fail-on=never"], 128 + signal.SIGABRT),
        ]:
            with self.subTest(options=options):
                code, _, errors = self.detect("run", *options, SUBJECT)
                self.assertEqual(code, expected)
                self.assertIn("DEADLOCK (proven)", errors)


class ReportFile(Cli):
    def test_it_is_written_without_findings_when_a_name_is_given(self):
        code, _, errors = self.detect("run", "-o", "r.json", "--", "sh", "-c", "exit 4")
        report = self.report("r.json")
        self.assertEqual(code, 4)
        self.assertEqual(report["findings"], [])
        self.assertEqual(report["program"]["args"], ["sh", "-c", "exit 4"])
        self.assertEqual(report["program"]["exit_code"], 4)
        self.assertEqual(report["environment"]["route"], "run")
        self.assertIn("r.json", errors.splitlines()[-1])

    def test_it_gets_a_name_of_its_own_when_something_is_found(self):
        _, _, errors = self.detect("run", SUBJECT)
        (name,) = (file for file in os.listdir(self.place) if file != "runtime")
        self.assertIn(name, errors.splitlines()[-1])
        self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o600)
        (finding,) = self.report(name)["findings"]
        self.assertEqual((finding["rule"], finding["verdict"]), ("deadlock", "proven"))

    def test_a_place_that_cannot_be_written_is_refused_before_the_program_runs(self):
        for output in ("no/such/directory/r.json", self.place):
            with self.subTest(output=output):
                code, _, errors = self.detect("run", "-o", output, "touch", self.path("ran"))
                self.assertEqual(code, 125)
                self.assertIn(output, errors)
                self.assertFalse(os.path.exists(self.path("ran")))

    def test_a_place_that_is_lost_during_the_run_changes_no_exit_code(self):
        os.mkdir(self.path("gone"))
        script = f"rm -r {self.path('gone')}; exit 5"
        code, _, errors = self.detect("run", "-o", "gone/r.json", "sh", "-c", script)
        self.assertEqual(code, 5)
        self.assertIn("not written", errors)


class Observation(Cli):
    def test_a_program_that_is_killed_leaves_its_report(self):
        words = ["run", "-o", "r.json", "--on-deadlock=report", SUBJECT, "killed"]
        with self.start(*words) as process:
            while "DEADLOCK" not in process.stderr.readline():
                self.assertIsNone(process.poll())
            process.stdin.close()
            process.stderr.read()
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 66)
        self.assertEqual(self.report("r.json")["program"]["signal"], 9)
        self.assertEqual(len(self.report("r.json")["findings"]), 1)

    def test_the_deadlock_of_a_child_is_found_and_named(self):
        code, _, errors = self.detect("run", "-o", "r.json", SUBJECT, "child")
        report = self.report("r.json")
        self.assertEqual(code, 66)
        self.assertIn("in process", errors)
        self.assertEqual({t["name"] for t in report["threads"]} - {"main"}, {"writer", "auditor"})
        self.assertNotEqual(report["threads"][0]["pid"], report["program"]["pid"])

    def test_nothing_is_recorded_when_it_is_switched_off(self):
        script = "ls $(dirname $XDG_RUNTIME_DIR/*/hub); echo $DETECT_OPTIONS"
        code, output, errors = self.detect("run", "--enabled=0", "sh", "-c", script)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(output.splitlines()[0], "hub")
        self.assertIn("enabled=0:region-dir=", output)

    def test_warnings_of_the_environment_come_once(self):
        self.environment["DETECT_OPTIONS"] = "intervall=3"
        _, _, errors = self.detect("run", "sh", "-c", "/bin/true; exit 0")
        self.assertEqual(errors.count("intervall"), 1)


class Perturbation(Cli):
    def sleeps(self, *words, program=SLEEPLESS):
        code, output, errors = self.detect("run", *words, program)
        self.assertEqual(code, 0, errors)
        return int(output), errors

    def test_a_program_is_delayed_at_its_locks(self):
        sleeps, errors = self.sleeps("--perturb=sleep", "--seed=1", "--perturb-budget=100")
        self.assertGreater(sleeps, 10)
        self.assertEqual(errors, "")

    def test_the_locks_of_libdetect_in_a_program_are_delayed_with_the_others(self):
        words = ("--perturb=sleep", "--seed=1", "--perturb-budget=100")
        self.assertGreater(self.sleeps(*words, program=SLEEPLESS_LINKED)[0], 10)

    def test_the_environment_will_do(self):
        self.environment["DETECT_OPTIONS"] = "perturb=sleep:perturb-budget=100:seed=1"
        self.assertGreater(self.sleeps()[0], 10)

    def test_without_it_nothing_is_delayed(self):
        self.assertLess(self.sleeps()[0], 10)

    def test_a_seed_is_chosen_and_said_where_none_is_given(self):
        _, errors = self.sleeps("--perturb=mixed")
        self.assertRegex(errors, r"the same again: --perturb=mixed --seed=\d+\n$")


class Surroundings(Cli):
    def test_preloads_and_options_of_the_user_are_kept(self):
        self.environment["LD_PRELOAD"] = "libm.so.6"
        self.environment["DETECT_OPTIONS"] = "interval=50"
        _, output, _ = self.detect("run", "sh", "-c", 'echo "$LD_PRELOAD $DETECT_OPTIONS"')
        preload, options = output.split()
        self.assertTrue(preload.endswith("/libdetect_preload.so:libm.so.6"), preload)
        self.assertTrue(options.startswith("interval=50:region-dir="), options)

    def test_signals_are_set_for_the_program_as_they_were_for_detect(self):
        def ignore_some():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])

        command = ["grep", "^Sig[BI]", "/proc/self/status"]
        plain = subprocess.run(
            command, preexec_fn=ignore_some, stdout=subprocess.PIPE, text=True, check=True
        )
        _, output, _ = self.detect("run", *command, preexec_fn=ignore_some)
        self.assertEqual(output, plain.stdout)

    def test_a_request_to_end_reaches_the_program(self):
        script = "trap 'exit 9' TERM HUP; echo ready; while :; do sleep 0.1; done"
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number), self.start("run", "sh", "-c", script) as process:
                self.assertEqual(process.stdout.readline(), "ready\n")
                process.send_signal(number)
                self.assertEqual(process.wait(TIMEOUT_SECONDS), 9)

    def test_an_interrupt_is_the_programs_to_answer(self):
        with self.start("run", "sh", "-c", "echo ready; read line; exit 9") as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(signal.SIGINT)
            process.stdin.write("line\n")
            process.stdin.close()
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 9)

    def test_colour_is_for_terminals_and_for_those_who_ask(self):
        for variables, expected in [
            ({}, False),
            ({"CLICOLOR_FORCE": "1"}, True),
            ({"CLICOLOR_FORCE": "0"}, False),
            ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
        ]:
            with self.subTest(variables=variables):
                self.environment.update({"CLICOLOR_FORCE": "", "NO_COLOR": "", **variables})
                _, _, errors = self.detect("run", SUBJECT)
                self.assertEqual("\x1b[" in errors, expected)


class RunDirectory(Cli):
    def test_what_a_killed_run_left_is_removed_but_not_what_another_uses(self):
        for name in ("detect-run-stale", "detect-run-used", "other"):
            os.mkdir(os.path.join(self.runtime, name))
        with open(os.path.join(self.runtime, "detect-run-stale", "1-0.region"), "wb"):
            pass
        used = os.open(os.path.join(self.runtime, "detect-run-used"), os.O_RDONLY)
        fcntl.flock(used, fcntl.LOCK_EX)
        self.detect("run", "true")
        os.close(used)
        self.assertEqual(sorted(os.listdir(self.runtime)), ["detect-run-used", "other"])
        for name in ("detect-run-used", "other"):
            os.rmdir(os.path.join(self.runtime, name))

    def test_a_directory_that_others_may_enter_is_not_used(self):
        os.chmod(self.runtime, 0o755)
        _, output, _ = self.detect("run", "sh", "-c", 'echo "$DETECT_OPTIONS"')
        self.assertNotIn(self.runtime, output)
        self.assertIn("region-dir=", output)

    def test_it_is_private_while_it_lives(self):
        script = f"stat -c '%a' {self.runtime}/*/ {self.runtime}/*/hub"
        _, output, _ = self.detect("run", "sh", "-c", script)
        self.assertEqual(output.split(), ["700", "600"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
