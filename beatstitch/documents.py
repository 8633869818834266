"""Reading what others wrote: a JSON document or a dict becomes a typed value, or Invalid.

pydantic does the checking, against plain frozen dataclasses; this file turns its refusal into our
vocabulary, naming the place, and makes the canonical bytes that hashes are taken of.
"""

import hashlib
import json
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from beatstitch.errors import Invalid

T = TypeVar("T")


def read_json(adapter: TypeAdapter[T], document: str | bytes, code: str) -> T:
    """The value in a JSON text. Raises Invalid with `code` and the path of the first fault."""
    try:
        return adapter.validate_json(document)
    except ValidationError as refused:
        raise _invalid(refused, code) from refused


def read(adapter: TypeAdapter[T], value: object, code: str) -> T:
    """The value in parsed JSON. Raises Invalid with `code` and the path of the first fault."""
    try:
        return adapter.validate_python(value)
    except ValidationError as refused:
        raise _invalid(refused, code) from refused


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(value: object) -> bytes:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8. Raises ValueError for NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _invalid(refused: ValidationError, code: str) -> Invalid:
    first = refused.errors(include_input=False, include_url=False)[0]
    where = tuple(first["loc"])
    place = ".".join(str(step) for step in where) or "The document"
    return Invalid(code, f"{place}: {said(first['msg'])}.", where=where)


def said(message: str) -> str:
    """What a check of ours says, without pydantic's words before it."""
    return message.removeprefix("Value error, ")
