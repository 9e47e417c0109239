#!/usr/bin/python3
"""Looks at the shim from outside: what it needs, gives and starts, and what it does when refused."""

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import unittest

SHIM, SUBJECT = (os.path.abspath(path) for path in sys.argv[1:3])
TIMEOUT_SECONDS = 50
MIB = 1 << 20

INTERPOSED = """
    pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_trylock
    pthread_mutex_timedlock pthread_mutex_clocklock pthread_mutex_unlock
    pthread_rwlock_init pthread_rwlock_destroy pthread_rwlock_rdlock pthread_rwlock_tryrdlock
    pthread_rwlock_timedrdlock pthread_rwlock_clockrdlock pthread_rwlock_wrlock
    pthread_rwlock_trywrlock pthread_rwlock_timedwrlock pthread_rwlock_clockwrlock
    pthread_rwlock_unlock
    pthread_cond_wait@@GLIBC_2.3.2 pthread_cond_wait@GLIBC_2.2.5
    pthread_cond_timedwait@@GLIBC_2.3.2 pthread_cond_timedwait@GLIBC_2.2.5 pthread_cond_clockwait
    pthread_create pthread_join pthread_timedjoin_np pthread_clockjoin_np pthread_setname_np
""".split()


def output_of(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout.decode()


def run(case, options=None, preloaded=True, **more):
    """Returns a whole run of one case; `options` are those of detect."""
    environment = {"PATH": "/bin:/usr/bin"}
    if preloaded:
        environment["LD_PRELOAD"] = SHIM
        if options is not None:
            environment["DETECT_OPTIONS"] = options
    more = {"stderr": subprocess.PIPE, **more}
    return subprocess.run(
        [SUBJECT, case],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
        check=False,
        **more,
    )


def limit(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def obey_file_modes():
    """Takes from root what lets it write everywhere; for anybody else it fails, and may."""
    drop_from_bounding_set, override_modes = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, override_modes)


@contextlib.contextmanager
def full_file_system(place):
    """Makes `place` a file system with no room; yields False where that is not allowed."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "none", place],
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if mounted.returncode != 0:
        yield False
        return
    try:
        with open(os.path.join(place, "filler"), "wb") as filler:
            with contextlib.suppress(OSError):
                filler.write(bytes(16384))
        yield True
    finally:
        subprocess.run(["umount", place], check=True)


class Library(unittest.TestCase):
    def test_needs_the_c_library_and_the_unwinder_only(self):
        lines = output_of("readelf", "-dW", SHIM).splitlines()
        needed = {line.split("[")[1].rstrip("]") for line in lines if "(NEEDED)" in line}
        self.assertLessEqual(
            needed, {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
        )

    def test_gives_the_interposed_functions_and_its_own_table_only(self):
        symbols = [line.split() for line in output_of("nm", "-D", SHIM).splitlines()]
        given = [words[-1] for words in symbols if words[-2] not in "UwvAdb"]
        self.assertEqual(sorted(given), sorted(INTERPOSED + ["detect_shim_api"]))


class Tasks(unittest.TestCase):
    def test_no_thread_of_ours_before_the_programs_first(self):
        said = run("CountOfTasks").stdout.decode().splitlines()
        self.assertEqual(said, ["alone: 1", "with a thread: 3", "end"])

    def test_no_thread_of_ours_at_all_where_somebody_observes_from_outside(self):
        with tempfile.TemporaryDirectory() as place:
            said = run("CountOfTasks", "region-dir=" + place).stdout.decode().splitlines()
        self.assertEqual(said, ["alone: 1", "with a thread: 2", "end"])


class Joins(unittest.TestCase):
    def test_a_mutual_join_that_the_c_library_lets_happen_is_found(self):
        done = run("TwoThreadsJoinEachOther", "on-deadlock=exit")
        self.assertEqual(done.returncode, 66, done.stderr)


class Losses(unittest.TestCase):
    def losses_of(self, case):
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "report.json")
            self.assertEqual(run(case, "output=" + path).returncode, 0)
            with open(path, encoding="utf-8") as report:
                return json.load(report)["losses"]

    def test_holds_beyond_the_limit_are_counted(self):
        self.assertGreater(self.losses_of("Work").get("held_locks", 0), 0)

    def test_locks_that_other_threads_release_leave_room(self):
        self.assertEqual(self.losses_of("HandOver").get("held_locks", 0), 0)

    def test_locks_that_are_made_anew_while_held_leave_room(self):
        self.assertEqual(self.losses_of("MakeAnew").get("held_locks", 0), 0)


class BadSurroundings(unittest.TestCase):
    """The program goes on as if there were no shim."""

    def check(self, options=None, **more):
        plain = run("Work", preloaded=False, **more)
        self.assertEqual(plain.returncode, 0, "without the shim")
        with_shim = run("Work", options, **more)
        self.assertEqual((with_shim.returncode, with_shim.stdout), (0, plain.stdout))
        return with_shim

    def test_options_nobody_knows_are_warned_of(self):
        for options in ["intervall=3", "interval=", "=", ":::", "\x01\x7f", "a" * 5000, "'"]:
            with self.subTest(options=options):
                done = self.check(options)
                if "=" in options:
                    self.assertIn(b"DETECT_OPTIONS", done.stderr)

    def test_no_standard_error(self):
        self.check("nonsense", stderr=None, preexec_fn=lambda: os.close(2))
        self.check(stderr=None, preexec_fn=lambda: os.close(2))

    def test_a_standard_error_that_nobody_reads(self):
        for options in ["nonsense", "interval=1:output=/nonexistent/report.json"]:
            reader, writer = os.pipe()
            os.close(reader)
            with self.subTest(options=options), os.fdopen(writer, "wb") as stderr:
                self.check(options, stderr=stderr)

    def test_no_directory_for_the_region(self):
        for place in ["/nonexistent", "/dev/null", "/proc/self", "/" + "x" * 4000]:
            with self.subTest(place=place):
                self.check("region-dir=" + place)

    def test_a_directory_that_is_full(self):
        with tempfile.TemporaryDirectory() as place, full_file_system(place) as is_full:
            if not is_full:
                place = "/dev/full"
            self.check("region-dir=" + place)

    def test_a_directory_that_may_not_be_written(self):
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o555)
            self.check("region-dir=" + place, preexec_fn=obey_file_modes)
            self.assertEqual(os.listdir(place), [])

    def test_files_may_not_grow(self):
        with tempfile.TemporaryDirectory() as place:
            report = "output=" + os.path.join(place, "report.json")
            for options in [None, "region-dir=" + place, report]:
                for size in [0, 4096, 100_000]:
                    with self.subTest(options=options, size=size):
                        self.check(options, preexec_fn=limit(resource.RLIMIT_FSIZE, size))

    def test_few_descriptors(self):
        with tempfile.TemporaryDirectory() as place:
            for options in [None, "region-dir=" + place]:
                for count in [4, 5, 6]:
                    with self.subTest(options=options, count=count):
                        self.check(options, preexec_fn=limit(resource.RLIMIT_NOFILE, count))

    def test_little_address_space(self):
        for size in [48, 64, 100, 200, 400, 1000]:
            with self.subTest(size=size):
                self.check(preexec_fn=limit(resource.RLIMIT_AS, size * MIB))

    def test_little_stack(self):
        for size in [64 << 10, 1 << 20, resource.RLIM_INFINITY]:
            with self.subTest(size=size):
                self.check(preexec_fn=limit(resource.RLIMIT_STACK, size))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
