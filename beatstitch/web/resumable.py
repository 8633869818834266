"""Uploads that survive a broken connection, by the words of tus 1.0 (https://tus.io/protocols).

Creation, expiration, termination and checksums. Here are its headers and what they come to; the
bytes lie in `inventory.partial`. What is whole is taken wherever a file is, by its id.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import IO

from flask import Response, request
from werkzeug.http import http_date

from beatstitch.db import quotas
from beatstitch.errors import Conflict, TooLarge, UnsupportedMedia
from beatstitch.inventory import incoming, partial
from beatstitch.inventory.partial import Partial
from beatstitch.settings import settings
from beatstitch.web import guard, repeats, uploads
from beatstitch.web.problems import Garbled, Malformed, OtherProtocol
from beatstitch.web.uploads import Arrived

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination,checksum"
BYTES = "application/offset+octet-stream"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "md5": hashlib.md5}
_PIECE = 1024**2
_NUMBER = re.compile(r"[0-9]{1,15}")


class Whole(Arrived):
    """An upload of which every byte has come."""

    def __init__(self, upload: Partial) -> None:
        super().__init__(upload.name, partial.copied(upload), upload.size)
        self.upload = upload

    @cached_property
    def checksum(self) -> str:
        """SHA-256, in hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def check_version() -> None:
    """Raise OtherProtocol unless the request speaks the tus that is spoken here."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise OtherProtocol(
            "tus_version", f"This call speaks tus {VERSION}; send Tus-Resumable: {VERSION}."
        )


def begin(user_id: str) -> Partial:
    """A new upload as the headers describe it. Raises Malformed, TooLarge, LimitReached,
    InsufficientStorage, UnsupportedMedia."""
    if request.content_length:
        raise UnsupportedMedia(
            "unsupported_media", "An upload begins without its bytes; PATCH them to its Location."
        )
    size = _number("Upload-Length")
    most = max(uploads.limits(settings()).values())
    if size > most:
        raise TooLarge(
            "file_too_large",
            f"The upload would have {size / 1e6:,.1f} MB; {most / 1e6:,.0f} MB are allowed.",
            max_size_bytes=most,
        )
    quotas.require_room(guard.caller(), partial.announced(user_id) + size)
    uploads.check_room(size)
    return partial.begin(user_id, uploads.shown_name(_metadata().get("filename", "")), size)


def add(upload: Partial) -> None:
    """Add the request's body to the upload. Raises UnsupportedMedia, Malformed, Conflict for
    another offset, TooLarge, Garbled."""
    if request.mimetype != BYTES:
        raise UnsupportedMedia("unsupported_media", f"Send the bytes as Content-Type: {BYTES}.")
    offset = _number("Upload-Offset")
    checksum = _checksum()
    uploads.check_room(request.content_length or 0)
    with partial.opened(upload) as part:
        part.seek(0, 2)
        if part.tell() != offset:
            raise Conflict(
                "offset_mismatch",
                f"The upload has {part.tell():,} bytes, and not {offset:,}; ask it by HEAD.",
                upload_offset=part.tell(),
            )
        if offset + (request.content_length or 0) > upload.size:
            raise TooLarge(
                "file_too_large",
                f"The upload was announced with {upload.size:,} bytes; these are more.",
                max_size_bytes=upload.size,
            )
        if checksum is None:
            _copy(request.stream, part)
        else:
            _copy_checked(part, *checksum)


def shown(upload: Partial, response: Response) -> Response:
    """The answer with the headers that say how far the upload is."""
    response.headers["Upload-Offset"] = str(upload.offset)
    response.headers["Upload-Length"] = str(upload.size)
    response.headers["Upload-Expires"] = http_date(upload.ends_at)
    response.headers["Cache-Control"] = "no-store"
    return response


@contextmanager
def received(field: str, whole: Callable[[], Sequence[str]]) -> Iterator[Sequence[Arrived]]:
    """The files of the request: of its form, or the caller's uploads that its JSON body names.

    `whole` reads the ids from that body. What nobody took of a form is gone after the block; an
    upload that was taken is over. Raises as `uploads.received` and `taken` do.
    """
    if request.is_json:
        with taken(whole()) as files:
            yield files
    else:
        with uploads.received(field) as form:
            yield form


@contextmanager
def taken(ids: Sequence[str]) -> Iterator[list[Arrived]]:
    """The caller's uploads with these ids; those that were taken are over after the block.

    Raises NotFound, Gone, and Conflict for one that is not whole or in other hands.
    """
    with ExitStack() as hands:
        files: list[Arrived] = []
        for upload_id in dict.fromkeys(ids):
            upload = partial.of_user(guard.caller().id, upload_id)
            hands.enter_context(partial.opened(upload))
            if upload.offset < upload.size:
                raise Conflict(
                    "upload_unfinished",
                    f"{upload.name} has {upload.offset:,} of its {upload.size:,} bytes; "
                    "send the rest first.",
                    upload_offset=upload.offset,
                )
            whole = Whole(upload)
            hands.callback(_let_go, whole)
            files.append(whole)
        repeats.of_files([(file.name, file.checksum) for file in files])
        yield files


def _let_go(whole: Whole) -> None:
    whole.path.unlink(missing_ok=True)
    if whole.is_taken:
        partial.remove(whole.upload)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    """Piece by piece to the file itself: what a crash leaves is what has come so far."""
    while piece := source.read(_PIECE):
        target.write(piece)
        target.flush()


def _copy_checked(part: IO[bytes], algorithm: str, digest: bytes) -> None:
    """Bytes that come with a checksum count only when it is right."""
    aside = incoming.place()
    try:
        with aside.open("x+b") as file:
            _copy(request.stream, file)
            file.seek(0)
            if hashlib.file_digest(file, ALGORITHMS[algorithm]).digest() != digest:
                raise Garbled(
                    "checksum_mismatch",
                    "These are not the bytes of the checksum; nothing of them was kept.",
                )
            file.seek(0)
            _copy(file, part)
    finally:
        aside.unlink(missing_ok=True)


def _number(header: str) -> int:
    given = request.headers.get(header, "")
    if not _NUMBER.fullmatch(given):
        raise Malformed("bad_upload", f"{header} must be a number of bytes.")
    return int(given)


def _metadata() -> dict[str, str]:
    """Upload-Metadata: names, each with a value in base64."""
    pairs = [pair.split(" ") for pair in request.headers.get("Upload-Metadata", "").split(",")]
    try:
        return {
            name: _decoded(value[0] if value else "").decode(errors="replace")
            for name, *value in pairs
            if name
        }
    except ValueError as broken:
        raise Malformed("bad_upload", "Upload-Metadata must be names and base64.") from broken


def _checksum() -> tuple[str, bytes] | None:
    """Upload-Checksum: an algorithm, and a digest in base64."""
    given = request.headers.get("Upload-Checksum")
    if given is None:
        return None
    algorithm, _, digest = given.partition(" ")
    try:
        if algorithm not in ALGORITHMS:
            raise ValueError(algorithm)
        return algorithm, _decoded(digest)
    except ValueError as broken:
        raise Malformed(
            "bad_upload", f"Upload-Checksum must be one of {', '.join(ALGORITHMS)} and base64."
        ) from broken


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as broken:
        raise ValueError(text) from broken
