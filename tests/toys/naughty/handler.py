"""The tricks."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from beatstitch.errors import MediaRejected, Transient
from beatstitch.process import Limits
from beatstitch.process import run as run_process
from beatstitch.workspace import Workspace
from toys.naughty.args import Ticket

FOREVER = "import time, os; open({mark!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"


def run(ticket: Ticket, workspace: Workspace) -> dict[str, object]:
    """Do the trick."""
    ticket.mark.parent.mkdir(exist_ok=True)
    return TRICKS[ticket.trick](ticket, workspace) or {}


def _mark(ticket: Ticket, *words: object) -> None:
    with ticket.mark.open("a") as file:
        print(*words, file=file)


def _sleep(ticket: Ticket, workspace: Workspace) -> None:
    _mark(ticket, os.getpid())
    while not workspace.stop.wait(0.02):
        workspace.report(50, "sleeping", "Sleeping")
    raise Transient("stopped", "It was stopped.")


def _sleep_deaf(ticket: Ticket, workspace: Workspace) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _mark(ticket, os.getpid())
    while True:
        workspace.report(50, "sleeping", "Sleeping")
        time.sleep(0.02)


def _say_nothing(ticket: Ticket, workspace: Workspace) -> None:
    _mark(ticket, os.getpid())
    time.sleep(600)


def _wait_for_mark(ticket: Ticket, workspace: Workspace) -> None:
    """Finish as soon as somebody writes "go" into the mark."""
    _mark(ticket, os.getpid())
    while "go" not in ticket.mark.read_text():
        workspace.report(50, "waiting", "Waiting")
        time.sleep(0.02)


def _reject(ticket: Ticket, workspace: Workspace) -> None:
    raise MediaRejected("corrupt_media", "The file is broken.")


def _tremble(ticket: Ticket, workspace: Workspace) -> None:
    """Fail the first time."""
    _mark(ticket, "tried")
    if ticket.mark.read_text().count("tried") == 1:
        raise Transient("io", "The disk hiccuped.")


def _divide(ticket: Ticket, workspace: Workspace) -> None:
    raise ZeroDivisionError("a secret path: /srv/secret")


def _segfault(ticket: Ticket, workspace: Workspace) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _be_killed(ticket: Ticket, workspace: Workspace) -> None:
    _mark(ticket, "tried")
    os.kill(os.getpid(), signal.SIGKILL)


def _hog(ticket: Ticket, workspace: Workspace) -> None:
    bytearray(8 * 1024**3)


def _fill(ticket: Ticket, workspace: Workspace) -> None:
    Path("/dev/full").write_bytes(b"0")


def _daemonise(ticket: Ticket, workspace: Workspace) -> None:
    """Leave a process behind that has left the session and whose parents have died."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _mark(ticket, os.getpid())
            time.sleep(600)
        os._exit(0)
    while not ticket.mark.exists() or not ticket.mark.read_text().strip():
        time.sleep(0.01)


def _daemonise_and_stay(ticket: Ticket, workspace: Workspace) -> None:
    """The same, and wait for the end beside it."""
    _daemonise(ticket, workspace)
    _sleep_deaf(replace(ticket, mark=ticket.mark.with_suffix(".second")), workspace)


def _run_tool(ticket: Ticket, workspace: Workspace) -> None:
    """Have an endless tool run through the one door to child processes."""
    _mark(ticket, os.getpid())
    tool = [sys.executable, "-c", FOREVER.format(mark=str(ticket.mark))]
    run_process(
        tool,
        limits=Limits(timeout_s=600, may_fork=True),
        reads=[],
        writes=[ticket.mark.parent],
        stop=workspace.stop,
    )


def _run_sandboxed(ticket: Ticket, workspace: Workspace) -> dict[str, object]:
    """See whether the sandbox of tools stands inside a child."""
    from beatstitch.process import sandbox

    run_process(["true"], limits=Limits(timeout_s=10))
    return {"sandbox": sandbox()}


def _look_around(ticket: Ticket, workspace: Workspace) -> dict[str, object]:
    """Say what there is of this child: its network, its secrets, its session, its open files."""
    files = [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()]
    return {
        "links": [name for _, name in socket.if_nameindex()],
        "routes": Path("/proc/net/route").read_text().splitlines()[1:],
        "niceness": os.nice(0),
        "secret": os.environ.get("SECRET_KEY"),
        "database": os.environ.get("DATABASE_URL"),
        "leads_session": os.getsid(0) == os.getpid(),
        "open_files": [str(file) for file in files],
    }


def _keep_foreign(ticket: Ticket, workspace: Workspace) -> None:
    """Try to have a file of somebody else moved into the storage."""
    workspace.keep(ticket.mark, "derived/stolen.txt")


TRICKS: dict[str, Callable[[Ticket, Workspace], dict[str, object] | None]] = {
    name.strip("_"): trick
    for name, trick in list(globals().items())
    if name.startswith("_") and callable(trick) and not name.startswith("__")
}
