"""Reading a JSON body strictly: what two readers could understand in two ways is refused."""

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn

from flask import request

from beatstitch.errors import UnsupportedMedia
from beatstitch.web.problems import Malformed

MAX_BYTES = 1_000_000


def read_json(max_bytes: int = MAX_BYTES) -> object:
    """The parsed body, {} without one. Raises UnsupportedMedia for another type of body and
    Malformed for what is no JSON: NaN, names given twice and bad UTF-8 among it."""
    if not request.content_length:
        return {}
    if not request.is_json:
        raise UnsupportedMedia(
            "unsupported_media", "This call takes JSON; send it as Content-Type: application/json."
        )
    request.max_content_length = max_bytes
    try:
        return json.loads(
            request.get_data(cache=False).decode(),
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as fault:
        raise Malformed(
            "malformed_json", f"The body is not JSON: {_reason(fault)}.", where=("body",)
        ) from fault


def _unique(pairs: Sequence[tuple[str, object]]) -> Mapping[str, object]:
    known = dict(pairs)
    if len(known) != len(pairs):
        raise ValueError("an object has the same name twice")
    return known


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _reason(fault: ValueError | RecursionError) -> str:
    if isinstance(fault, RecursionError):
        return "it is nested too deeply"
    if isinstance(fault, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(fault, json.JSONDecodeError):
        return f"{fault.msg} (line {fault.lineno}, column {fault.colno})"
    return str(fault)
