"""waitress around the app: one thread for all sockets, some for requests, and an orderly end.

waitress reads a body completely before the app sees the request. So what can be refused by the
headers is refused here, in the shape of every other error: a body that is too large, an upload
that the disk has no room for. Large bodies are spooled to the data disk.
"""

import errno
import json
import logging
import select
import socket
import tempfile
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Flask
from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.task import ErrorTask  # type: ignore[import-untyped]

from beatstitch.errors import BeatstitchError, InsufficientStorage, Invalid, TooLarge, Unavailable
from beatstitch.inventory import incoming
from beatstitch.settings import settings
from beatstitch.systemd import Systemd
from beatstitch.web import problems, trail, uploads, waiting

CONNECTIONS = 200
IDLE_S = 120
GRACE_S = 25.0
"""How long requests in hand may take after the order to stop; systemd's own patience is 30 s."""
_TICK_S = 1.0

log = logging.getLogger(__name__)


class Server:
    """The app behind one listening socket."""

    def __init__(self, app: Flask, listener: socket.socket, threads: int) -> None:
        # One line for every request that has to wait a moment would drown all others.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        folder = incoming.folder()
        folder.mkdir(parents=True, exist_ok=True)
        incoming.sweep(datetime.now(UTC))
        tempfile.tempdir = str(folder)
        self._seats: waiting.Seats = app.extensions[waiting.EXTENSION]
        self._is_told_to_stop = False
        self._server = create_server(
            app,
            sockets=[listener],
            threads=threads,
            ident="beatstitch",
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_S,
            asyncore_use_poll=True,
            # waitress refuses a body of exactly its limit.
            max_request_body_size=uploads.max_body_bytes(settings()) + 1,
            # A proxy on this machine may say for whom it asks: nginx, by TCP or by a UNIX socket.
            trusted_proxy="localhost" if listener.family == socket.AF_UNIX else "127.0.0.1",
            trusted_proxy_count=1,
            trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = _Channel

    def stop(self) -> None:
        """End `run` once the requests in hand are answered. For a signal handler."""
        self._is_told_to_stop = True
        self._server.pull_trigger()

    def run(self) -> None:
        """Answer requests until `stop`; then no new ones, and at most GRACE_S for the rest."""
        systemd = Systemd()
        systemd.ready()
        while not self._is_told_to_stop:
            self._turn(_TICK_S)
            systemd.alive("answering")
        systemd.leaving()
        self._take_in_who_has_knocked()
        # The listener alone: the trigger beside it still wakes this loop for finished requests.
        wasyncore.dispatcher.close(self._server)
        self._seats.closing.set()
        give_up_at = time.monotonic() + GRACE_S
        while self._busy() and time.monotonic() < give_up_at:
            self._turn(_TICK_S / 10)
        log.info("server stopped", extra={"cut_off": self._busy()})

    def _take_in_who_has_knocked(self) -> None:
        """Accept the connections that wait at the listener: closing it would cut them off."""
        door = select.poll()
        door.register(self._server.socket, select.POLLIN)
        for _ in range(CONNECTIONS):
            if not door.poll(0):
                break
            self._server.handle_accept()

    def _turn(self, timeout_s: float) -> None:
        wasyncore.loop(timeout_s, use_poll=True, map=self._server._map, count=1)

    def _busy(self) -> int:
        """How many connections have a request half read, in work, not all sent, or on its way."""
        return sum(
            bool(channel.request or channel.requests or channel.total_outbufs_len)
            or _has_just_come(channel)
            for channel in list(self._server.active_channels.values())
        )


def _has_just_come(channel: HTTPChannel) -> bool:
    """Whether nothing has been read of this connection yet, though there was hardly time for it."""
    is_silent = bool(channel.last_activity == channel.creation_time)
    return is_silent and time.time() < channel.creation_time + _TICK_S


class _Refusal:
    """A fault of ours where waitress expects one of its own."""

    def __init__(self, fault: BeatstitchError, status: int) -> None:
        self.fault = fault
        self.code = status


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Reads a request; refuses what has no room before its body is read, or when it runs out."""

    _is_weighed = False

    def received(self, data: bytes) -> int:
        try:
            consumed: int = super().received(data)
            if self.headers_finished and not self._is_weighed and self.error is None:
                self._is_weighed = True
                if self.headers.get("CONTENT_TYPE", "").startswith("multipart/"):
                    uploads.check_room(self.content_length)
        except InsufficientStorage as full:
            return self._refuse(full, len(data))
        except OSError as fault:
            if fault.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            return self._refuse(problems.disk_full(), len(data))
        return consumed

    def _refuse(self, fault: BeatstitchError, size: int) -> int:
        self.error = _Refusal(fault, 507)
        self.expect_continue = False
        self.completed = True
        return size


class _ErrorTask(ErrorTask):  # type: ignore[misc]
    """Answers what never reached the app, in the one shape."""

    def execute(self) -> None:
        error = self.request.error
        refused = error if isinstance(error, _Refusal) else _of_waitress(error)
        request_id = trail.accepted(self.request.headers.get("X_REQUEST_ID"))
        log.info("refused early", extra={"status": refused.code, "request_id": request_id})
        body = json.dumps(problems.body(refused.fault, request_id)).encode()
        phrase = HTTPStatus(refused.code).phrase
        self.status = f"{refused.code} {phrase}"
        self.response_headers += [
            ("Content-Type", "application/json"),
            ("X-Request-ID", request_id),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection with our parser and our errors."""

    parser_class = _Parser
    error_task_class = _ErrorTask


def _of_waitress(error: Any) -> _Refusal:
    """The same for waitress's own errors, whose words are for programmers."""
    most = uploads.max_body_bytes(settings())
    faults: dict[int, BeatstitchError] = {
        400: Invalid("bad_request", "This is not a request that can be read."),
        413: TooLarge(
            "file_too_large",
            f"The body is too large; {most / 1e6:,.0f} MB are allowed.",
            max_size_bytes=most,
        ),
        431: Invalid("headers_too_large", "The headers of this request are too long."),
        501: Invalid("not_implemented", "This way of sending a body is not known here."),
    }
    fallback = Unavailable(
        "internal_error",
        "Something went wrong here that should not have. It is noted under this request_id.",
    )
    return _Refusal(faults.get(error.code, fallback), error.code)
