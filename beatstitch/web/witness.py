"""What the audit log is told of a request: the deed, who did it, how they came and from where."""

from flask import request

from beatstitch.db import audit
from beatstitch.db.audit import Action
from beatstitch.web import guard, trail

_MAX_SUBJECT = 200


def note(action: Action, *, subject: str | None = None, user_id: str | None = None) -> None:
    """Write it down, in the transaction in hand if there is one.

    `user_id` is whose account it is about where nobody is let in yet: at a login.
    """
    asker = guard.admitted()
    audit.note(
        action,
        actor=_actor(asker),
        user_id=user_id if asker is None else asker.user.id,
        subject=None if subject is None else subject[:_MAX_SUBJECT],
        address=request.remote_addr,
        request_id=trail.request_id(),
    )


def _actor(asker: guard.Pass | None) -> str:
    if asker is None:
        return "nobody"
    return "login" if asker.key is None else f"key bs_{asker.key.prefix}"
