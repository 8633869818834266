"""The few calls of the kernel that Python has no name for (prctl(2), unshare(2))."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x1000_0000  # linux/sched.h
_CLONE_NEWNET = 0x4000_0000

# Loaded before any fork: the child of a fork should not have to open files for it.
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Be killed when the thread that forked this process ends; `parent` is its process."""
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def adopt_orphans() -> None:
    """Descendants whose parents die become children of this process, so none gets away."""
    _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def leave_network() -> bool:
    """Move this process and its children to come into a network without any way out.

    False where the kernel or a sandbox around us refuses. Namespaces inside remain possible.
    """
    uid, gid = os.getuid(), os.getgid()
    try:
        if uid == 0:
            _call("unshare", _CLONE_NEWNET)
            return True
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)
    except OSError:
        return False
    # The same user inside as outside. setgroups has to be given up before (user_namespaces(7)).
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def children() -> list[int]:
    """The processes whose parent is this (single-threaded) one, dead ones included."""
    with contextlib.suppress(FileNotFoundError):  # a kernel without CONFIG_PROC_CHILDREN
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        return [int(pid) for pid in listed.split()]
    return []


def _call(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
