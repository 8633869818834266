"""What a child in the sandbox may ask of the kernel: no sockets, no namespaces, no new processes.

A seccomp filter in classic BPF (seccomp(2); Documentation/userspace-api/seccomp_filter.rst),
written out by hand for the two machines that servers are, so that no compiler or library is needed.
On any other machine there is no filter and the sandbox stands without it.
"""

import errno
import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""BPF_LD|W|ABS, BPF_JMP with JEQ, JGE and JSET against a constant, BPF_RET (linux/bpf_common.h)."""
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
"""Offsets in struct seccomp_data; of the argument the lower half (both are little-endian)."""
ALLOW, REFUSE, KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
"""SECCOMP_RET_ALLOW, _ERRNO and _KILL_PROCESS (linux/seccomp.h)."""
CLONE_THREAD = 0x0001_0000
CLONE_NEW_NAMESPACES = 0x7E02_0000
X32 = 0x4000_0000
"""The bit of the numbers of x86-64's second, unused interface."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """The numbers of one kind of machine: AUDIT_ARCH_… and its table of system calls."""

    audit: int
    clone: int
    forks: tuple[int, ...]
    refused: tuple[int, ...]


CLONE3 = 435
_EVERYWHERE = (425, 426, 427)
"""io_uring_setup, _enter, _register: the numbers from 424 on are the same on all machines."""
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000_003E,
        clone=56,
        forks=(57, 58),
        # socket socketpair ptrace unshare setns add_key request_key keyctl perf_event_open bpf
        # userfaultfd process_vm_readv process_vm_writev open_by_handle_at
        refused=(41, 53, 101, 272, 308, 248, 249, 250, 298, 321, 323, 310, 311, 304, *_EVERYWHERE),
    ),
    "aarch64": _Machine(
        audit=0xC000_00B7,
        clone=220,
        forks=(),
        refused=(198, 199, 117, 97, 268, 217, 218, 219, 241, 280, 282, 270, 271, 265, *_EVERYWHERE),
    ),
}


@contextmanager
def filter_fd(may_fork: bool) -> Iterator[int | None]:
    """An open file with the filter for bubblewrap's --seccomp; None where there is none to give."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        yield None
        return
    number = os.memfd_create("seccomp")
    try:
        os.write(number, b"".join(_program(machine, may_fork)))
        os.lseek(number, 0, os.SEEK_SET)
        yield number
    finally:
        os.close(number)


def _program(machine: _Machine, may_fork: bool) -> Iterator[bytes]:
    yield _step(LOAD, MACHINE_AT)
    yield _step(EQUAL, machine.audit, on_true=1)
    yield _step(RETURN, KILL)
    yield _step(LOAD, NUMBER_AT)
    yield from _refuse_if(AT_LEAST, X32)
    for number in machine.refused if may_fork else (*machine.refused, *machine.forks):
        yield from _refuse_if(EQUAL, number)
    # Its flags lie in memory that a filter can't read; without it glibc falls back to clone.
    yield from _refuse_if(EQUAL, CLONE3, errno.ENOSYS)
    yield _step(EQUAL, machine.clone, on_true=1)
    yield _step(RETURN, ALLOW)
    yield _step(LOAD, FIRST_ARGUMENT_AT)
    if may_fork:
        yield from _refuse_if(ANY_BIT, CLONE_NEW_NAMESPACES)
        yield _step(RETURN, ALLOW)
    else:
        yield _step(ANY_BIT, CLONE_THREAD, on_true=1)
        yield _step(RETURN, REFUSE | errno.EPERM)
        yield _step(RETURN, ALLOW)


def _refuse_if(test: int, value: int, error: int = errno.EPERM) -> Iterator[bytes]:
    yield _step(test, value, on_false=1)
    yield _step(RETURN, REFUSE | error)


def _step(code: int, value: int, on_true: int = 0, on_false: int = 0) -> bytes:
    """One struct sock_filter; `on_true` and `on_false` are instructions to skip."""
    return struct.pack("=HBBI", code, on_true, on_false, value)
