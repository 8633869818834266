"""What can go wrong, as a vocabulary.

The domain raises these where the fault is known; `web/problems` turns them into HTTP once, the
worker into retry or failure once, the command line into one sentence and an exit code. This file
imports nothing. A code is for machines and stays; the message says what, how much, which limit and
the way out, and never holds a path of the server or the words of a tool.
"""


class BeatstitchError(Exception):
    """A fault with a stable code, a sentence for a person, and facts for a program (`details`)."""

    def __init__(self, code: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details


class Invalid(BeatstitchError):
    """The request or document is wrong. `where` is its path: ("body", "edl_hash")."""

    def __init__(
        self, code: str, message: str, where: tuple[str | int, ...] = (), **details: object
    ) -> None:
        super().__init__(code, message, **details)
        self.where = where


class Unauthorized(BeatstitchError):
    """Nobody, or nobody any more, stands behind the request."""


class Forbidden(BeatstitchError):
    """The caller is known and may not do this."""


class NotFound(BeatstitchError):
    """There is no such thing for this caller."""


class Conflict(BeatstitchError):
    """The request meets a state that has moved on."""


class PreconditionFailed(BeatstitchError):
    """Something else has to happen first."""


class Stale(BeatstitchError):
    """The version named by If-Match is no longer the current one."""


class Gone(BeatstitchError):
    """It was here and has been cleaned away."""


class TooLarge(BeatstitchError):
    """More bytes than allowed."""


class UnsupportedMedia(BeatstitchError):
    """A kind of file or body that this call doesn't take."""


class LimitReached(BeatstitchError):
    """A count or duration over what a user may ask for."""


class TooMany(BeatstitchError):
    """Too often in too short a time."""


class Unavailable(BeatstitchError):
    """Not now; the same request may work later."""


class InsufficientStorage(BeatstitchError):
    """The disk is full."""


class MediaRejected(BeatstitchError):
    """A file that can't be used, with the reason. Trying again will not help."""


class Transient(BeatstitchError):
    """A fault of the moment (a lost worker, a locked file): trying again may help."""


class Cancelled(BeatstitchError):
    """Somebody asked for this work to stop."""
