"""A cable between a client and a server's UNIX socket, which can be pulled and put back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Cable:
    """Listens at `end` and hands everything to the socket at `far_end` and back, while it is in."""

    def __init__(self, end: Path, far_end: Path) -> None:
        self._end, self._far_end = end, far_end
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._plug_in()

    @property
    def end(self) -> Path:
        """The folder that the near end lies in."""
        return self._end.parent

    @property
    def connections(self) -> int:
        """How many lead through it."""
        with self._lock:
            return sum(one.fileno() >= 0 for one in self._open) // 2

    @contextmanager
    def pulled(self) -> Iterator[None]:
        """In the block nothing gets through, and nobody gets in."""
        self.close()
        try:
            yield
        finally:
            self._plug_in()

    def close(self) -> None:
        """Pull it out for good."""
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._open = self._open, []
        for one in (*ends, *([listener] if listener else [])):
            # Shut down first, for to close alone wakes nobody who reads from it.
            _shut(one)
            one.close()
        self._end.unlink(missing_ok=True)

    def _plug_in(self) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._end))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._let_in, args=(listener,), daemon=True).start()

    def _let_in(self, listener: socket.socket) -> None:
        while True:
            try:
                near = listener.accept()[0]
            except OSError:  # it was pulled
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self._far_end))
            with self._lock:
                is_in = self._listener is listener
                if is_in:
                    self._open += [near, far]
            if not is_in:
                near.close()
                far.close()
                return
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_hand_on, args=(one, other), daemon=True).start()


def _hand_on(one: socket.socket, other: socket.socket) -> None:
    try:
        while heard := one.recv(65536):
            other.sendall(heard)
    except OSError:
        return
    finally:
        _shut(one)
        _shut(other)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:  # the other end was quicker
        return
