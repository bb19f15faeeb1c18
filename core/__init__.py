"""The engine of bpftui: reads BPF objects, decodes, loads, attaches and watches them. No screen; usable as a library.

    from bpftui.core.spec import CollectionSpec

    spec = CollectionSpec.from_file("prog.o")
    spec.set("sample_every", 100)
    with spec.load() as collection:
        print(collection.programs["count"].run(bytes(64)).retval)

From the bottom up: `errors`, `elf`, `btf` and `asm`, `dwarf`, `spec`, `context`, `analysis` and `verifier`, `listing`,
`runtime` (the seam), `maps`, `loader`, `kernel` and `vm`, `live`.
"""
