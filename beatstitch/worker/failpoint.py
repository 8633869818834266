"""Places where a test can have the process killed, to see what that leaves."""

import os
import signal

_CHOSEN = os.environ.get("BEATSTITCH_FAIL_AT")


def failpoint(name: str) -> None:
    """Die here by SIGKILL if BEATSTITCH_FAIL_AT names this place."""
    if name == _CHOSEN:
        os.kill(os.getpid(), signal.SIGKILL)
