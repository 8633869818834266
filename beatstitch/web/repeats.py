"""Requests that may be sent twice: under one Idempotency-Key the work is done once.

The key is claimed before the work, and the answer is kept with it, for 24 hours and for its user
alone. Where the work is rows, the answer becomes true in the same transaction, so that no crash can
come between them. A refusal is not kept, since nothing was done.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from flask import Response, g, request

from beatstitch.db import base, kept_answers
from beatstitch.documents import digest
from beatstitch.errors import BeatstitchError, Conflict, Invalid
from beatstitch.web import bodies, guard, openapi

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_FORM = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
_DESCRIPTION = {
    "name": HEADER,
    "description": "A repeat under the same key within 24 hours gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

Route = Callable[..., Response]
log = logging.getLogger(__name__)


def repeatable(*, is_rows_alone: bool) -> Callable[[Route], Route]:
    """Let the route be asked twice under one key. Stands above `answers`.

    `is_rows_alone` says that the route touches no files and may run in a transaction.
    """

    def decorate(view: Route) -> Route:
        openapi.takes_header(view.__name__, _DESCRIPTION, may_conflict=True)

        @wraps(view)
        def once(**ids: Any) -> Response:
            if HEADER not in request.headers:
                return view(**ids)
            return _once(lambda: view(**ids), is_rows_alone)

        return once

    return decorate


def of_files(named: Sequence[tuple[str, str]]) -> None:
    """The request's body is known now: names and checksums of its files.

    Raises Conflict and Invalid as a key that was used before does.
    """
    claim: _Claim | None = g.get("claim")
    if claim is not None:
        claim.take([list(pair) for pair in named])


class _Known(Exception):
    """Somebody has asked this already, and here is the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


class _Claim:
    """A key in hand. Nothing is written before `take`."""

    def __init__(self, key: str) -> None:
        self._user_id = guard.caller().id
        self._key = key
        self._id = base.new_id()
        self._is_taken = False

    def take(self, body: object) -> None:
        """Claim the key for this body. Raises _Known, Conflict while the first request is under
        way, Invalid when the key was used for something else."""
        asked = digest([request.method, request.full_path, body])
        row = kept_answers.claim(self._user_id, self._key, asked, self._id, datetime.now(UTC))
        if row.fingerprint != asked:
            raise Invalid(
                "idempotency_key_reused",
                "Idempotency-Key: this key was used for another request; use a new one.",
                where=("header", HEADER),
            )
        if row.claim == self._id:
            self._is_taken = True
        elif row.answer is None:
            raise Conflict(
                "idempotency_key_in_use",
                "The first request under this key is still under way; ask again in a moment.",
            )
        else:
            raise _Known(_again(row.answer))

    def keep(self, response: Response) -> None:
        """Every repeat gets this answer."""
        headers = {name: response.headers.get(name) for name in _KEPT_HEADERS}
        answer = {
            "status": response.status_code,
            "headers": {name: value for name, value in headers.items() if value is not None},
            "body": response.get_data(as_text=True),
        }
        if self._is_taken:
            kept_answers.keep(self._user_id, self._key, self._id, answer)

    def release(self) -> None:
        """Nothing was done; the key is free. If that can't be written, it is in ten minutes."""
        try:
            if self._is_taken:
                kept_answers.release(self._user_id, self._key, self._id)
        except BeatstitchError as fault:
            log.warning("a claim could not be released", extra={"reason": fault.code})


def _once(work: Callable[[], Response], is_rows_alone: bool) -> Response:
    claim = g.claim = _Claim(_key())
    try:
        if request.mimetype != "multipart/form-data":
            request.max_content_length = bodies.MAX_BYTES
            claim.take(hashlib.sha256(request.get_data()).hexdigest())
        if is_rows_alone:
            with base.transaction():
                response = work()
                claim.keep(response)
        else:
            response = work()
    except _Known as known:
        return known.response
    except BaseException:
        claim.release()
        raise
    if not is_rows_alone:
        _keep_if_possible(claim, response)
    return response


def _keep_if_possible(claim: _Claim, response: Response) -> None:
    """The work is done, so it is answered, and its key is not free, whether a repeat is or not."""
    try:
        claim.keep(response)
    except BeatstitchError as fault:
        log.warning("an answer could not be kept", extra={"reason": fault.code})


def _key() -> str:
    key = request.headers[HEADER]
    if not _FORM.fullmatch(key):
        raise Invalid(
            "validation_error",
            "Idempotency-Key: use 1 to 255 printable ASCII characters, a UUID for one.",
            where=("header", HEADER),
        )
    return key


def _again(answer: dict[str, Any]) -> Response:
    response = Response(answer["body"], answer["status"], answer["headers"])
    response.headers[REPLAYED] = "true"
    return response
