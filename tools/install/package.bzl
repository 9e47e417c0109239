"""What a project without Bazel links: one static library, its headers, and a CMake package."""

def _cc_package_impl(ctx):
    info = cc_common.merge_cc_infos(cc_infos = [one[CcInfo] for one in ctx.attr.libraries])
    headers = [h for h in info.compilation_context.headers.to_list() if h.is_source]
    archives = []
    for input in info.linking_context.linker_inputs.to_list():
        for library in input.libraries:
            archives.append(library.static_library or library.pic_static_library)

    script = "\n".join(
        ["create libdetect_harness.a"] +
        ["addlib " + archive.path for archive in archives] +
        ["save", "end"],
    )
    ctx.actions.run_shell(
        inputs = headers + archives + [ctx.file.config],
        outputs = [ctx.outputs.out],
        command = """
            set -e
            place=$(mktemp -d)
            mkdir -p $place/include $place/lib/cmake/detect
            cp --parents -L {headers} $place/include
            echo '{script}' | ar -M
            mv libdetect_harness.a $place/lib
            cp -L {config} $place/lib/cmake/detect
            tar --create --sort=name --mtime=@0 --owner=0 --group=0 --file={out} -C $place .
            rm -rf $place
        """.format(
            headers = " ".join([h.path for h in headers]),
            script = script,
            config = ctx.file.config.path,
            out = ctx.outputs.out.path,
        ),
        mnemonic = "DetectPackage",
    )

# A tar of what belongs under an installation's prefix. Everything that the libraries link is
# in it but for those of the system.
cc_package = rule(
    implementation = _cc_package_impl,
    attrs = {
        "libraries": attr.label_list(providers = [CcInfo]),
        "config": attr.label(allow_single_file = True),
        "out": attr.output(),
    },
)
