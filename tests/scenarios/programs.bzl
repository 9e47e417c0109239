"""Programs in a std:: and a detect:: form, and tests that run one of them by one route."""

# How detect comes to a program: `detect run`, plain LD_PRELOAD, or linked into it.
ROUTES = ["run", "preload", "linked"]

_DETECT = "//tools/detect"
_SHIM = "//tools/preload:libdetect_preload.so"
_SCHEMA = "//docs:report.schema.json"

def two_form_program(name, linked = True, std = True):
    """Declares, of those asked for, <name> over std:: and <name>_linked over detect::, from <name>.cc."""
    if std:
        native.cc_binary(
            name = name,
            testonly = True,
            srcs = [name + ".cc"],
            deps = ["//tests/scenarios:lib"],
        )
    if linked:
        native.cc_binary(
            name = name + "_linked",
            testonly = True,
            srcs = [name + ".cc"],
            deps = ["//tests/scenarios:lib_linked"],
        )

def program_test(program, route, arg = "", finds = [], exit_code = 0, options = [], **kwargs):
    """Runs one form of a two_form_program and holds its report against what is expected.

    Args:
      program: its name.
      route: one of ROUTES.
      arg: its argument.
      finds: what the report must say, one text a finding, in the words of scenario_test.py.
      exit_code: of the program, or of `detect run`.
      options: name=value for detect, added to on-deadlock=exit; a later one wins.
      **kwargs: of sh_test.
    """
    binary = program + ("_linked" if route == "linked" else "")
    args = [
        "--route=" + route,
        "--program=$(rootpath :%s)" % binary,
        "--source=$(rootpath :%s.cc)" % program,
        "--schema=$(rootpath %s)" % _SCHEMA,
        "--exit-code=%d" % exit_code,
    ]
    data = [":" + binary, ":" + program + ".cc", _SCHEMA]
    if route == "run":
        args.append("--detect=$(rootpath %s)" % _DETECT)
        data.append(_DETECT)
    if route == "preload":
        args.append("--shim=$(rootpath %s)" % _SHIM)
        data.append(_SHIM)
    if arg:
        args.append("--program-arg=" + arg)
    args += ["'--finds=%s'" % text for text in finds]
    args += ["--option=" + option for option in options]
    native.sh_test(
        name = "_".join([program] + ([arg] if arg else []) + [route, "test"]),
        srcs = ["//tests/scenarios:scenario_test.py"],
        args = args,
        data = data,
        **kwargs
    )
