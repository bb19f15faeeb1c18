"""What runs as init in the guest: it tries things, prints what it finds as lines of JSON, and switches the machine off.

It judges nothing: what each kernel is to do is written in `check_kernels.py`, on the other side.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import fcntl
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

HOME = Path("/bpftui")
sys.path.insert(0, str(HOME))

from bpftui import bpf  # noqa: E402
from bpftui.core import kernel  # noqa: E402
from bpftui.core.asm import Instruction  # noqa: E402
from bpftui.core.btf.kernel import modules, vmlinux  # noqa: E402
from bpftui.core.errors import BpftuiError  # noqa: E402
from bpftui.core.guest.init import load_modules, run, say  # noqa: E402
from bpftui.core.kernel.collection import Loader  # noqa: E402
from bpftui.core.kernel.sys.layouts import BpfProgInfo  # noqa: E402
from bpftui.core.kernel.sys.object import object_info  # noqa: E402
from bpftui.core.kernel.sys.statistics import stats_enabled  # noqa: E402
from bpftui.core.kernel.sys.survey import run_counts  # noqa: E402
from bpftui.core.kernel.sys.syscall import buffer  # noqa: E402
from bpftui.core.references import LoadedName  # noqa: E402
from bpftui.core.runtime import AttachTarget  # noqa: E402
from bpftui.core.spec import AttachType, CollectionSpec, LinkedCode, ProgramSpec, ProgramType  # noqa: E402
from bpftui.core.system import Inventory  # noqa: E402
from bpftui.core.system.document import document  # noqa: E402
from bpftui.core.system.loaded import find_loaded, loaded_spec  # noqa: E402
from bpftui.core.system.owners import IteratorWalk, ProcWalk  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bpftui.core.kernel.program import Program

OBJECTS = HOME / "tests/objects"
GROUP = Path("/sys/fs/cgroup/bpftui")
"""Where programs of control groups are attached."""
TOO_LONG = "bad_complexity.o"
"""A million instructions for the verifier, one by one: minutes where the processor is emulated."""
IFF_UP, SIOCSIFFLAGS = 1, 0x8914


def refused(call: Callable[[], object]) -> dict[str, str] | None:
    """Return what a call was refused with: the error's class, sentence and hint; None where it worked."""
    try:
        call()
    except BpftuiError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint or ""}
    return None


def objects() -> None:
    """Load every object: its maps, and its programs one by one."""
    for path in sorted([*(HOME / "bpf").glob("*.o"), *OBJECTS.glob("*.o")]):
        spec = CollectionSpec.from_file(path)
        if spec.byte_order != sys.byteorder or path.name == TOO_LONG:
            continue
        with Loader(spec) as loader:
            loader.begin()
            maps = {
                name: refused(lambda found=found: loader.create_map(found)) or refused_contents(loader, name)
                for name, found in spec.maps.items()
                if found.autocreate
            }
            programs = {
                name: refused(lambda found=found: loader.load_program(found)) for name, found in spec.programs.items()
            }
            say("object", name=path.name, types=loader.btf_problem, maps=maps, programs=programs)


def refused_contents(loader: Loader, name: str) -> dict[str, str] | None:
    """Return why a map could not be filled with those that its object names, all of which come before it."""
    return refused(lambda: loader.fill_map_of_maps(loader.spec.maps[name]))


@contextlib.contextmanager
def attached(*programs: Program) -> Generator[None]:
    """Attach programs to what they were loaded for."""
    with contextlib.ExitStack() as links:
        for program in programs:
            links.enter_context(program.attach())
        yield


def hooks() -> None:
    """Attach what has a hook, and pass by: one unlink of what is not there, one file opened."""
    spec = CollectionSpec.from_file(OBJECTS / "hooks.o")
    names = ("on_entry", "on_exit", "on_modify", "on_open", "on_switch", "on_system_call")
    with spec.load(programs=set(names)) as loaded:
        with attached(*(loaded.programs[name] for name in names)):
            with contextlib.suppress(FileNotFoundError):
                os.unlink("/tmp/nothing")
            os.close(os.open("/proc/self/status", os.O_RDONLY | os.O_NOFOLLOW))
            os.sched_yield()
        say("hooks", **{name: variable.get() for name, variable in loaded.variables.items()})


def attachments() -> None:
    """Attach each program of attached.o to what its section says, or to a target; do what each of them counts."""
    spec = CollectionSpec.from_file(OBJECTS / "attached.o")
    GROUP.mkdir(exist_ok=True)
    (GROUP / "cgroup.procs").write_text(str(os.getpid()))
    targets = {"on_cgroup": "bpftui", "on_connect4": "bpftui", "on_verdict": "sockets", "on_message": "sockets"}
    targets |= {"on_tc": "lo", "on_tcx": "lo", "on_filter": "lo", "on_netfilter": "output"}
    problems: dict[str, str] = {}
    for name, program in spec.programs.items():
        if name.startswith("on_u"):
            continue  # the guest's C library has its symbols where the host's has them, or nowhere
        said = refused(lambda name=name, program=program: attach_one(spec, program, targets.get(name, "")))
        if said is not None:
            problems[name] = said["message"]
    say("attachments", problems=problems, counted=COUNTED)


COUNTED: dict[str, int] = {}
"""What each program of attached.o has counted."""


def attach_one(spec: CollectionSpec, program: ProgramSpec, target: str) -> None:
    """Load a program alone, attach it, do what it counts, and note how often it ran."""
    with spec.load(programs={program.name}) as loaded:
        # By its number: pyroute2, which would look the interface up, is not in the guest.
        where = AttachTarget("lo", 1) if target == "lo" else loaded.runtime.target(program, target)
        with loaded.programs[program.name].attach(where) as link:
            stir()
            attached = link.attached
        counters = {name: value.get() for name, value in loaded.variables.items() if name.startswith("in_")}
        COUNTED[program.name] = sum(value for value in counters.values() if isinstance(value, int)) if attached else -1


def stir() -> None:
    """Run into every hook: a packet to ourselves, a process, a missing file, a system call, a while of work."""
    bring_up("lo")
    one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with one, two:
        one.bind(("127.0.0.1", 0))
        two.connect(one.getsockname())
        two.send(b"hello")
        one.recv(16)
    os.getpgid(0)
    with contextlib.suppress(FileNotFoundError):
        os.unlink("/tmp/nothing")
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        pass


def probes() -> None:
    """Attach to USDT probes, to a version of a function, and to entries with their returns; call what they are in."""
    os.environ["LD_LIBRARY_PATH"] = str(OBJECTS / "native")
    library = ctypes.CDLL(str(OBJECTS / "native/probed.so"))
    watchers = ctypes.c_ushort.in_dll(library, "watchers")
    with CollectionSpec.from_file(OBJECTS / "usdt.o").load() as loaded:
        on_fired, on_any = loaded.programs["on_fired"], loaded.programs["on_any"]
        with on_fired.attach() as link:
            links = len(link.attachment.links)
            library.fire(-7, (ctypes.c_long * 2)(11, -22), ctypes.c_byte(-3), ctypes.c_long(4))
            library.fire_elsewhere(ctypes.c_long(1 << 40))
        counted = [watchers.value, library.watch(5)]
        with on_any.attach(loaded.runtime.target(on_any.spec, "probed.so:bpftui:watched")):
            counted += [watchers.value, library.watch(6)]
        counted.append(watchers.value)
        calls: Any = loaded.variables["calls"].get()
        made: Any = loaded.variables["made"].get()
        seen = [call["arguments"][: call["count"]] for call in calls[:made]]
    runs: dict[str, object] = {}
    spec = CollectionSpec.from_file(OBJECTS / "sessions.o")
    for name in spec.programs:
        with spec.load(programs={name}) as loaded:
            try:
                with loaded.programs[name].attach():
                    library.watch(0)
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink("/tmp/nothing")
            except BpftuiError as error:
                runs[name] = error.message
            else:
                runs[name] = loaded.variables["runs"].get()
    say("probes", links=links, counted=counted, calls=seen, sessions=runs, version=version_calls(library))


def version_calls(library: ctypes.CDLL) -> int:
    """Return how often `answer@V1` was seen, where only `answer@@V2` is called."""
    spec = CollectionSpec.from_file(OBJECTS / "attached.o")
    with spec.load(programs={"on_uprobe"}) as loaded:
        program = loaded.programs["on_uprobe"]
        for target in ("probed.so:answer@V1", "probed.so:answer@@V2"):
            with program.attach(loaded.runtime.target(program.spec, target)):
                library.answer()
        calls = loaded.variables["in_uprobe"].get()
    assert isinstance(calls, int)
    return calls


def replacements() -> None:
    """Replace and trace a function of another program."""
    spec = CollectionSpec.from_file(OBJECTS / "replacement.o")
    with CollectionSpec.from_file(OBJECTS / "subprograms.o").load() as other:
        first = other.programs["first"]
        without = first.run().retval
        extends = {"replaced": first, "traced": first, "unmatched": first}
        with kernel.load(spec, extends=extends) as loaded:
            with attached(loaded.programs["traced"]):
                first.run()
            with attached(loaded.programs["replaced"]):
                instead = first.run().retval
            again = first.run().retval
            values = {name: variable.get() for name, variable in loaded.variables.items()}
        unmatched = refused(lambda: kernel.load(spec, programs={"unmatched"}, extends=extends).close())
        alone = refused(lambda: kernel.load(spec, programs={"replaced"}).close())
    say("replacements", without=without, instead=instead, again=again, unmatched=unmatched, alone=alone, **values)


def functions_of_modules() -> None:
    """Call and trace functions of a module: before it is there, and then."""
    spec = CollectionSpec.from_file(OBJECTS / "conntrack.o")
    before = {name: refused(lambda name=name: spec.load(programs={name}).close()) for name in spec.programs}
    for name, reason in load_modules().items():
        say("crash", step="finit_module", trace=f"{name}: {reason}")
    with spec.load() as loaded:
        problems = {name: problem.message for name, problem in loaded.problems.items()}
        with attached(*(loaded.programs[name] for name in ("on_packet",) if name in loaded.programs)):
            ran = "look_up" in loaded.programs and loaded.programs["look_up"].run().retval
        values = {name: variable.get() for name, variable in loaded.variables.items()}
        say(
            "modules",
            modules=modules(),
            ran=ran,
            before=before,
            programs=sorted(loaded.programs),
            problems=problems,
            **values,
        )


def externs() -> None:
    """Run what asks for the kernel's configuration, symbols and functions."""
    with CollectionSpec.from_file(OBJECTS / "externs.o").load() as loaded:
        returned = {name: program.run().retval for name, program in loaded.programs.items()}
        say("externs", address=loaded.variables["address"].get(), **returned)


def core() -> None:
    """Let the kernel and us adapt the same program."""
    spec = CollectionSpec.from_file(OBJECTS / "core.o")
    with Loader(spec) as by_kernel, Loader(spec, vmlinux()) as by_us:
        found: list[tuple[str, Any]] = []
        for loader in (by_kernel, by_us):
            with loader.load(kernel.KernelRuntime(), None) as loaded:
                loaded.programs["core"].run()
                found.append((xlated(loaded.programs["core"]).hex(), loaded.variables["facts"].get()))
    say("core", kernel=found[0], us=found[1])


def xlated(program: Program) -> bytes:
    """Return the instructions as the verifier left them; the numbers of maps, which differ, are zeroed."""
    size = object_info(program.descriptor, BpfProgInfo()).xlated_prog_len
    code = buffer(size)
    object_info(program.descriptor, BpfProgInfo(xlated_prog_len=size, xlated_prog_insns=code))
    rows = bytearray(code.raw)
    for at in range(0, size, 8):
        if rows[at] == 0x18 and rows[at + 1] >> 4 in (1, 2):
            rows[at + 4 : at + 8] = bytes(4)
    return bytes(rows)


def machine() -> None:
    """Load and attach what others' kernels refuse, and ask what this machine runs, by commands and by the library."""
    with contextlib.ExitStack() as stack:
        iterators = stack.enter_context(CollectionSpec.from_file(bpf.path("inventory")).load())
        problems = {name: problem.message for name, problem in iterators.problems.items()}
        iterators.close()
        made, not_made = loaded_and_attached(stack)
        listed = {noun: command("list", noun, "--json") for noun in ("prog", "map", "link")}
        with Inventory() as inventory:
            whole = document(inventory.snapshot())
        with IteratorWalk() as walk:
            told, looked = walk.look(), ProcWalk().look()
            owners = [sorted({(each.pid, each.kind, each.id) for each in found.held}) for found in (told, looked)]
            tasks = [sorted((each.pid, each.net, each.mnt) for each in found.tasks) for found in (told, looked)]
            with stats_enabled():
                stir()
            counts = [
                {number: list(runs) for number, runs in found.items()} for found in (walk.counters(), run_counts())
            ]
            named = walk.netfilters()
        opened = {name: opened_as(made["programs"][name]) for name in made["programs"]}
    say(
        "machine",
        problems=problems,
        made=made,
        not_made=not_made,
        listed=listed,
        whole=whole,
        owners=owners,
        tasks=tasks,
        counts=counts,
        netfilters=named,
        namespace=os.stat("/proc/self/ns/net").st_ino,
        opened=opened,
    )


def netkit() -> None:
    """Send from both ends of a netkit pair, each time with another program dropping the packet: who has run by then?"""
    answer = make_netkit("nk0", "nk1")
    if answer:
        say("netkit", refused=errno.errorcode[-answer])
        return
    for name in ("nk0", "nk1"):
        bring_up(name)
    ways = {
        "nk0": (("nk0", AttachType.TCX_EGRESS), ("nk0", AttachType.NETKIT_PRIMARY), ("nk1", AttachType.TCX_INGRESS)),
        # Programs of the peer are attached through the primary end.
        "nk1": (("nk1", AttachType.TCX_EGRESS), ("nk0", AttachType.NETKIT_PEER), ("nk0", AttachType.TCX_INGRESS)),
    }
    ran: dict[str, list[list[bool]]] = {}
    hooks: dict[str, list[list[str]]] = {}
    for sender, way in ways.items():
        for dropping in range(len(way)):
            with contextlib.ExitStack() as stack:
                numbers: list[int] = []
                for index, (name, hook) in enumerate(way):
                    program = stack.enter_context(returning(2 if index == dropping else -1, hook))
                    stack.enter_context(program.attach(AttachTarget(name, socket.if_nametoindex(name))))
                    numbers.append(program.id)
                with stats_enabled():
                    send_packet(sender)
                    counts = run_counts()
                ran.setdefault(sender, []).append([counts[number].run_cnt > 0 for number in numbers])
                with Inventory() as inventory:
                    interfaces = [each for space in inventory.snapshot().namespaces for each in space.interfaces]
                hooks[sender] = [[hook.name for hook in each.hooks] for each in interfaces if each.kind == "netkit"]
    say("netkit", ran=ran, hooks=hooks)


def returning(verdict: int, hook: AttachType) -> Program:
    """Load a program that does nothing but return a verdict: -1 is to go on, 2 to drop, for tcx and netkit alike."""
    code = Instruction(0xB7, dst=0, imm=verdict).encode(sys.byteorder) + Instruction(0x95).encode(sys.byteorder)
    spec = ProgramSpec("verdict", "", ProgramType.SCHED_CLS, license="GPL", link=lambda: LinkedCode(code))
    spec.attach_type = hook
    return kernel.Program.create(spec)


def make_netkit(primary: str, peer: str) -> int:
    """Make a pair of interfaces that pass packets on as they are; return 0, or the kernel's negative errno."""

    def attribute(kind: int, data: bytes) -> bytes:
        return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)

    # struct ifinfomsg; IFLA_IFNAME 3, IFLA_LINKINFO 18 with its KIND 1 and DATA 2, in which IFLA_NETKIT_PEER_INFO is 1.
    new, named = bytes(16), {name: attribute(3, name.encode() + b"\0") for name in (primary, peer)}
    kind = attribute(1, b"netkit\0") + attribute(2, attribute(1, new + named[peer]))
    body = new + named[primary] + attribute(18, kind)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        # RTM_NEWLINK, with NLM_F_REQUEST, _ACK, _EXCL and _CREATE.
        netlink.send(struct.pack("IHHII", 16 + len(body), 16, 0x605, 1, 0) + body)
        return int(struct.unpack_from("i", netlink.recv(4096), 16)[0])


def bring_up(interface: str) -> None:
    """Let an interface receive and send."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
        fcntl.ioctl(up, SIOCSIFFLAGS, struct.pack("16sh14x", interface.encode(), IFF_UP))


def send_packet(interface: str) -> None:
    """Send an empty UDP packet from nowhere to nowhere, and wait until it is where it goes."""
    packet = struct.pack("!BBHHHBBH4s4sHHHH", 69, 0, 28, 1, 0, 64, 17, 0, b"\n\0\0\1", b"\n\0\0\2", 1, 2, 8, 0)
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(packet, (interface, 0x0800, 0, 0, b"\2\0\0\0\0\1"))
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # it was dropped on its way out
                raise
    time.sleep(0.2)


Made = dict[str, dict[str, int]]
"""Ids by names, of programs, maps and links."""


def loaded_and_attached(stack: contextlib.ExitStack) -> tuple[Made, dict[str, str]]:
    """Return what is loaded and attached until the stack is closed, and why some of it is not."""
    made: Made = {"programs": {}, "maps": {}, "links": {}}
    GROUP.mkdir(exist_ok=True)
    first = stack.enter_context(CollectionSpec.from_file(OBJECTS / "subprograms.o").load()).programs["first"]
    made["programs"]["first"] = first.id

    def attach(file: str, name: str) -> None:
        spec = CollectionSpec.from_file(OBJECTS / file)
        extends = {name: first} if file == "replacement.o" else {}
        collection = stack.enter_context(kernel.load(spec, programs={name}, extends=extends))
        program = collection.programs[name]
        target = {"on_cgroup": "bpftui", "on_netfilter": "output"}.get(name)
        if name in ("on_tcx", "on_filter"):
            where: AttachTarget | None = AttachTarget("lo", 1)
        else:
            where = collection.runtime.target(program.spec, target) if target else None
        made["programs"][name] = program.id
        made["links"][name] = stack.enter_context(program.attach(where)).id

    def register() -> None:
        collection = stack.enter_context(CollectionSpec.from_file(OBJECTS / "congestion.o").load())
        made["programs"] |= {name: program.id for name, program in collection.programs.items()}
        made["maps"] |= {name: each.id for name, each in collection.maps.items()}
        made["links"]["bpftui_half"] = stack.enter_context(collection.register("bpftui_half")).id

    said = {"bpftui_half": refused(register)}
    for file, names in ATTACHED.items():
        said |= {name: refused(lambda file=file, name=name: attach(file, name)) for name in names}
    return made, {name: failure["message"] for name, failure in said.items() if failure is not None}


ATTACHED = {
    "hooks.o": ("on_entry", "on_exit", "on_modify", "on_open", "on_switch"),
    "replacement.o": ("replaced",),
    "attached.o": (
        *("on_tcx", "on_netfilter", "on_cgroup", "on_lookup", "on_filter", "on_tracepoint"),
        *("on_raw", "on_kprobe", "on_kprobes", "on_ksyscall"),
    ),
}
"""What the machine has while it is asked what it runs, by object."""
ENVIRONMENT = {"PYTHONPATH": str(HOME), "PATH": "/bin", "HOME": "/root"}


def opened_as(number: int) -> dict[str, object]:
    """Return what a program that is loaded has as a spec: its functions, how much code, how many lines of C."""
    spec = loaded_spec(find_loaded(LoadedName("program", str(number), number)), f"id:{number}")
    (program,) = spec.programs.values()
    return {
        "functions": [function.name for function in program.functions],
        "instructions": len(program.linked.code) // 8,
        "lines": len(program.linked.line_infos) > 0,
    }


def command(*words: str) -> Any:
    """Return what `bpftui` prints as JSON: its exit code, standard error and the document."""
    words = (sys.executable, "-B", "-m", "bpftui.tui", *words)
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    return [done.returncode, done.stderr, json.loads(done.stdout or "null")]


def doctor() -> None:
    """What `bpftui doctor` would say."""
    say("doctor", features=[dataclasses.asdict(feature) for feature in kernel.probe.report()])


def release() -> None:
    """Which kernel this is."""
    say("release", release=platform.release())


if __name__ == "__main__":
    run(
        (
            release,
            doctor,
            objects,
            hooks,
            attachments,
            probes,
            replacements,
            externs,
            core,
            machine,
            functions_of_modules,
            netkit,
        )
    )
