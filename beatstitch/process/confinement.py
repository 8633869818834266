"""What a child process may see and take, written as the head of its command line.

Knows bubblewrap, prlimit and setpriv and how they want to be told; starts nothing itself, and
refuses to know what the child does. Limits are set by these launchers and never by a
`preexec_fn`, which may deadlock beside other threads (cpython issue 120998).
"""

import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from beatstitch.errors import NotFound, Unavailable

Mode = Literal["bubblewrap", "degraded"]

# One arena: FFmpeg has a thread for each of its inputs, and what each of them frees in a heap of
# its own is no use to the others (15 MB of the 180 that decode four clips).
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",  # noqa: S108
    "MALLOC_ARENA_MAX": "1",
    # Else glibc keeps the place of a picture that was given back, to be cut up for smaller things
    # (12 MB of the 310 of clips that meet).
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}
PACKAGES = {
    "ffprobe": "ffmpeg",
    "bwrap": "bubblewrap",
    "prlimit": "util-linux",
    "setpriv": "util-linux",
}
"""Debian's package of a tool, where it has another name."""

SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts")
"""The loader's cache; Debian's libblas is a link through alternatives; fonts for drawn text."""

OPEN_FILES = 256
SCRATCH_BYTES = 64 * 1024**2
PROCESSES = 256
"""Processes and threads of a child that may fork. The kernel doesn't count those of root."""
LEASHED = ("/bin/sh", "-c", 'echo && read -r go && exec "$@" </dev/null', "sh")
"""The last step before the child: say "ready" with an empty line, and go on only when told to.

Until the launchers have asked the kernel to kill them with their parent, the caller's death would
go unseen: of 150 callers killed in their child's first 20 ms, 69 left it running. Now the caller's
end of the pipe closes with it, there is nothing to read, and all of them end.
"""
GRACE_CPU_S = 5
"""Seconds between SIGXCPU, which a child may catch, and the kernel's SIGKILL."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may take and do.

    `timeout_s` counts wall-clock seconds from the start. `stall_s` ends a child that makes no
    progress for so long. `memory_bytes` is the address space (RLIMIT_AS) of each process.
    `threads` × `timeout_s` are the CPU seconds of each process, for they add up over its threads.
    `file_bytes` is the size of the largest file it may write, `output_bytes` that of what is
    collected from its standard output. Threads are free, but only with `may_fork` can it start
    other processes; FFmpeg never does.
    """

    timeout_s: float
    stall_s: float | None = None
    memory_bytes: int = 2 * 1024**3
    threads: int = 2
    file_bytes: int | None = None
    output_bytes: int = 16 * 1024**2
    may_fork: bool = False


def confined(
    argv: Sequence[str],
    mode: Mode,
    limits: Limits,
    reads: Sequence[Path],
    writes: Sequence[Path],
    syscalls: int | None,
) -> list[str]:
    """The command that runs `argv` under `limits`, seeing only the system, `reads` and `writes`.

    `syscalls` is an open file with the filter of what may be asked of the kernel. Raises
    Unavailable for a tool that is not installed and NotFound for a path that is gone.
    """
    for path in (*reads, *writes):
        if not path.exists():
            raise NotFound("file_gone", f"{path.name} is no longer there.")
    tool = located(argv[0])
    limited = _limited(limits)
    if mode == "degraded":
        return [*_dying_with_caller(), *limited, *LEASHED, str(tool), *argv[1:]]
    tool, needs = _visible(tool)
    bubble = _bubble((*needs, *reads), writes)
    if syscalls is not None:
        bubble += ["--seccomp", str(syscalls)]
    if limits.may_fork:
        # Counted inside, where all processes of this user are the child's own.
        bubble += [str(located("prlimit")), f"--nproc={PROCESSES}"]
    return [*limited, *bubble, *LEASHED, str(tool), *argv[1:]]


def located(tool: str) -> Path:
    """The absolute path of an executable. Raises Unavailable with the way out."""
    found = shutil.which(tool)
    if found is None:
        name = Path(tool).name
        package = PACKAGES.get(name, name)
        raise Unavailable(
            f"{package.replace('-', '_')}_missing",
            f"{name} is not installed. On Debian and Ubuntu: apt install {package}",
        )
    return Path(found).absolute()


def _dying_with_caller() -> list[str]:
    # Not for bubblewrap: killed before it has let its own child go, it would leave that waiting
    # for ever. It asks to die with its parent just before that.
    return [str(located("setpriv")), "--pdeathsig", "KILL", "--no-new-privs"]


def _limited(limits: Limits) -> list[str]:
    cpu_s = math.ceil(limits.timeout_s * limits.threads)
    argv = [
        str(located("prlimit")),
        f"--as={limits.memory_bytes}",
        f"--cpu={cpu_s}:{cpu_s + GRACE_CPU_S}",
        f"--nofile={OPEN_FILES}",
        "--core=0",
    ]
    if limits.file_bytes is not None:
        argv.append(f"--fsize={limits.file_bytes}")
    return argv


def _bubble(reads: Sequence[Path], writes: Sequence[Path]) -> list[str]:
    argv = [str(located("bwrap")), "--unshare-all", "--die-with-parent", "--new-session"]
    argv += ["--cap-drop", "ALL", "--ro-bind", "/usr", "/usr", *_system()]
    argv += ["--dev", "/dev", "--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"]  # noqa: S108
    argv += _mounted(reads, writes)
    return [*argv, "--remount-ro", "/", "--chdir", "/"]


def _mounted(reads: Sequence[Path], writes: Sequence[Path]) -> Iterator[str]:
    """Binds for the caller's files and folders, outer ones first, so that none hides another.

    A file is where it really lies, and under the caller's name for it unless that is a link in a
    folder that is bound anyway. What is read stays read-only inside a folder that may be written.
    """
    folders = {path.absolute() for path in (*reads, *writes) if path.is_dir()}
    binds: dict[Path, tuple[str, Path]] = {}
    for option, paths in (("--ro-bind", reads), ("--bind", writes)):
        for path in paths:
            name, real = path.absolute(), path.resolve()
            binds[real] = option, real
            if folders.isdisjoint(name.parents):
                binds[name] = option, real
    for place in sorted(binds, key=lambda place: len(place.parts)):
        option, real = binds[place]
        outer = next((folder for folder in place.parents if folder in binds), None)
        is_there = outer and binds[outer] == (option, outer) and real == place
        # bubblewrap takes 9,000 arguments, and a film may have thousands of chunks.
        if not is_there:
            yield from (option, str(real), str(place))


def _system() -> Iterator[str]:
    for folder in map(Path, SYSTEM_FOLDERS):
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    for name in SYSTEM_FILES:
        yield from ("--ro-bind-try", name, name)


def _visible(tool: Path) -> tuple[Path, tuple[Path, ...]]:
    """Where the tool lies inside, and what must be bound for it: itself and its prefix's lib."""
    real = tool.resolve()
    if any(real.is_relative_to(folder) for folder in ("/usr", *SYSTEM_FOLDERS)):
        return tool if tool.is_relative_to("/usr") else real, ()
    beside = (
        [real.parents[1] / name for name in ("lib", "lib64")] if real.parent.name == "bin" else []
    )
    return real, (real, *(folder for folder in beside if folder.is_dir()))
