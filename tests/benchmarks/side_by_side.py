"""What the comparing benchmarks share: routes run in turns, medians, and budgets beside figures."""

import os
import statistics


class Route:
    """One way in which a program runs: plain, linked, preloaded, or under `detect run`."""

    def __init__(self, name, prefix=(), shim=None):
        self.name = name
        self.prefix = list(prefix)
        self.environment = dict(os.environ)
        self.environment.pop("DETECT_OPTIONS", None)
        self.environment.pop("LD_PRELOAD", None)
        if shim is not None:
            self.environment["LD_PRELOAD"] = os.path.abspath(shim)


def preloaded(shim):
    return Route("preloaded", shim=shim)


def under_detect(detect):
    return Route("detect run", prefix=[os.path.abspath(detect), "run", "-o", os.devnull, "--"])


def in_turns(routes, rounds, measure):
    """Runs A B C A B C … and returns the list of results of each route, by its name.

    What the machine does meanwhile then falls on all of them alike.
    """
    results = {route.name: [] for route in routes}
    for _ in range(rounds):
        for route in routes:
            results[route.name].append(measure(route))
    return results


def medians(results):
    """Returns the median of each key over a list of dictionaries that have the same keys."""
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def judge(ratio, most=None, least=None):
    """Returns a ratio as text, with ok or MISSED where there is a budget for it."""
    text = f"{ratio:.3f}"
    if most is not None:
        text += " ok" if ratio <= most else " MISSED"
    if least is not None:
        text += " ok" if ratio >= least else " MISSED"
    return text
