"""scenario() makes the programs and tests of one row of the table in BUILD.bazel."""

load(":programs.bzl", "ROUTES", "program_test", "two_form_program")

def scenario(
        name,
        finds,
        args = [""],
        exit_code = 66,
        exit_code_in_process = None,
        options = [],
        linked = True,
        std = True):
    """Tests what bug_<name> yields, and that its twin ok_<name> ends well and yields nothing.

    Args:
      name: of the pair of programs.
      finds: what the bug program must yield, one text a finding, or "text | text" where either may
        be seen; %s stands for the argument.
      args: the arguments to run both with, one at a time.
      exit_code: of the bug program.
      exit_code_in_process: of the bug program where it is not run by `detect run`; as exit_code
        unless given.
      options: for detect, on the bug program; see program_test.
      linked: False where only the C library has what the program shows.
      std: False where only detect:: has it.
    """
    routes = [route for route in ROUTES if (linked if route == "linked" else std)]
    for program in ["bug_" + name, "ok_" + name]:
        two_form_program(program, linked, std)
        bug = program.startswith("bug_")
        for route in routes:
            expected = exit_code
            if route != "run" and exit_code_in_process != None:
                expected = exit_code_in_process
            for arg in args:
                program_test(
                    program,
                    route,
                    arg = arg,
                    finds = [text.replace("%s", arg) for text in finds] if bug else [],
                    exit_code = expected if bug else 0,
                    options = options if bug else [],
                    size = "small",
                )
