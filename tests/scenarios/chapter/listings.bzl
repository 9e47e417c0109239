"""listing() makes the program of one listing of the chapter, and its test."""

def listing(name, srcs = None, web = False, deps = []):
    """Declares <name>, and <name>_test, which runs it.

    What it must print is in its opening comment; see listing_test.py.

    Args:
      name: of the program.
      srcs: with main in the first one; name.cc unless given.
      web: whether it downloads pages: its argument is then the address of a server.
      deps: beside the monitor.
    """
    srcs = srcs or [name + ".cc"]
    native.cc_binary(
        name = name,
        srcs = srcs,
        deps = deps + ["//libdetect/monitor"],
    )
    native.sh_test(
        name = name + "_test",
        size = "small",
        srcs = ["listing_test.py"],
        args = ["$(rootpath :%s)" % name, "$(rootpath :%s)" % srcs[0]] + (["--web"] if web else []),
        data = [":" + name, srcs[0]],
    )
