#!/usr/bin/python3
"""Runs one listing and holds what it prints against what its opening comment says it prints.

    // Prints, in any order:
    //   ping
    //   pong
    // Then:
    //   done in *s

"Prints:" and "Then:" begin a group of lines; a "*" stands for any text within a line. The program
has to end well, and it prints nothing else: nor does the monitor in it, on stderr, unless it found
something. With --web, the program is given the address of a server that runs as long as it does.
"""

import argparse
import contextlib
import http.server
import re
import subprocess
import sys
import threading

TIMEOUT_SECONDS = 50

# Path to size in KiB.
PAGES = {"/news": 3, "/weather": 12, "/sports": 7, "/maps": 20, "/music": 1}


class Pages(http.server.BaseHTTPRequestHandler):
    """Serves PAGES."""

    def do_GET(self):
        if self.path not in PAGES:
            self.send_error(404)
            return
        body = b"<html>".ljust(PAGES[self.path] * 1024)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def web_server():
    """Serves on a free port while the context lasts, and yields the address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def expected_groups(source):
    """Returns the groups of the opening comment: whether in any order, and the patterns."""
    groups = []
    with open(source, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("//"):
                break
            head = re.fullmatch(r"// (?:Prints|Then)(, in any order)?:", line.rstrip())
            if head:
                groups.append((head[1] is not None, []))
            elif groups:
                parts = line.rstrip("\n").removeprefix("//   ").split("*")
                groups[-1][1].append(".*".join(map(re.escape, parts)))
    return groups


def take(lines, any_order, pattern):
    """Takes the line that matches out of `lines`; returns False where there is none."""
    candidates = lines if any_order else lines[:1]
    match = next((line for line in candidates if re.fullmatch(pattern, line)), None)
    if match is None:
        return False
    lines.remove(match)
    return True


def matches(lines, groups):
    """Returns whether the lines are those of the groups, all of them, one group after another."""
    rest = list(lines)
    for any_order, patterns in groups:
        group, rest = rest[: len(patterns)], rest[len(patterns) :]
        if not all(take(group, any_order, pattern) for pattern in patterns):
            return False
    return not rest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("source")
    parser.add_argument("--web", action="store_true")
    arguments = parser.parse_args()

    groups = expected_groups(arguments.source)
    if not groups:
        sys.exit(f"{arguments.source} does not say what it prints")
    with web_server() if arguments.web else contextlib.nullcontext() as address:
        process = subprocess.run(
            [arguments.program] + ([address] if address else []),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    if process.returncode != 0 or not matches(process.stdout.splitlines(), groups):
        sys.exit(f"exit code {process.returncode}, and this was printed:\n{process.stdout}")


if __name__ == "__main__":
    main()
