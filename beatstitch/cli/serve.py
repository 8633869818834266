"""`beatstitch serve`: the web process."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click

from beatstitch import logs
from beatstitch.cli import premises
from beatstitch.errors import Conflict, Invalid
from beatstitch.settings import settings
from beatstitch.web import tokens
from beatstitch.web.app import create_app
from beatstitch.web.server import Server

BACKLOG = 1024
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_FIRST_INHERITED = 3
"""SD_LISTEN_FDS_START (sd_listen_fds(3))."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--socket",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Listen on this UNIX socket instead, for a proxy.",
)
@click.option("--threads", type=click.IntRange(2, 256), default=8, show_default=True)
def serve(host: str, port: int, path: Path | None, threads: int) -> None:
    """Answer HTTP until told to stop (SIGTERM or Ctrl-C), and finish what is in hand.

    A socket that systemd has opened for this process (sd_listen_fds(3)) is used before any other:
    while one server stops and the next starts, callers wait there.
    """
    here = settings()
    inherited = _inherited()
    if here.debug and (inherited or path or host not in LOOPBACK):
        raise Invalid(
            "debug_in_public",
            f"DEBUG shows faults to whoever asks; set DEBUG=false, or listen on {LOOPBACK[0]}.",
        )
    logs.start("DEBUG" if here.debug else here.log_level)
    tokens.secret()
    premises.connected()
    listener = inherited or (_unix(path) if path else _tcp(host, port))
    server = Server(create_app(seats=threads // 2), listener, threads)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    click.echo(f"BeatStitch answers at {_address(listener)}")
    if listener.family != socket.AF_UNIX:
        click.echo(f"Its API is described at {_address(listener)}api/docs")
    try:
        server.run()
    finally:
        if path and inherited is None:
            path.unlink(missing_ok=True)


def _inherited() -> socket.socket | None:
    """The socket that systemd listens on for us, if it does (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    listener = socket.socket(fileno=_FIRST_INHERITED)
    listener.set_inheritable(False)
    return listener


def _tcp(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as refused:
        raise Conflict(
            "address_refused",
            f"{host}:{port} can't be listened on: {refused.strerror}. Choose another --port.",
        ) from refused


def _unix(path: Path) -> socket.socket:
    """Listen on a socket file. One that a crash left is replaced; raises Conflict for one that
    somebody answers at, and for a path where none can be."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        with socket.socket(socket.AF_UNIX) as knock, suppress(FileNotFoundError):
            try:
                knock.connect(str(path))
            except ConnectionRefusedError:
                if path.is_socket():  # any other file refuses, too
                    path.unlink()
            else:
                raise Conflict("socket_in_use", f"Another server answers at {path} already.")
        listener.bind(str(path))
    except OSError as refused:
        listener.close()
        raise Conflict(
            "address_refused",
            f"{path} can't be listened on: {refused.strerror or refused}. Choose another --socket.",
        ) from refused
    path.chmod(0o660)
    listener.listen(BACKLOG)
    return listener


def _address(listener: socket.socket) -> str:
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}/"
