"""Files on their way in: from the body of a request onto the data disk, hashed as they pass.

A file waits in the `incoming` folder until somebody gives it its final name in the storage; what
nobody took is gone when the request ends. Its name is for people only: what it is, its bytes say.
"""

import hashlib
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from flask import request
from werkzeug.formparser import FormDataParser

from beatstitch.errors import InsufficientStorage, LimitReached, TooLarge, UnsupportedMedia
from beatstitch.ffmpeg.sniff import HEAD_BYTES, Container, sniff, sniff_file
from beatstitch.inventory import incoming
from beatstitch.settings import Settings, settings
from beatstitch.storage import Storage
from beatstitch.web import repeats
from beatstitch.web.problems import Malformed, Refused

if TYPE_CHECKING:
    from werkzeug.formparser import TStreamFactory

MAX_FILES = 100
FORM_MARGIN_BYTES = 1_000_000
"""What boundaries and headers may add to the bytes of the files."""
_MAX_NAME = 255
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CALLED = {"image": "a photo", "video": "a clip", "audio": "a song"}


class Arrived(ABC):
    """A whole file that waits to be taken: its name for people, where it is, its bytes.

    `is_taken` once a row names it: what was refused may be asked for again.
    """

    def __init__(self, name: str, path: Path, size: int) -> None:
        self.name = name
        self.path = path
        self.size = size
        self.is_taken = False

    @property
    @abstractmethod
    def checksum(self) -> str:
        """SHA-256, in hex."""

    def container(self, wanted: frozenset[str]) -> tuple[Container, str]:
        """What the file is and which of the wanted kinds it counts as.

        Raises MediaRejected, UnsupportedMedia for another kind, TooLarge.
        """
        container = sniff_file(self.path, self.name)
        kind = next((k for k in ("image", "video", "audio") if k in container.kinds & wanted), None)
        if kind is None and "audio" in wanted:
            raise UnsupportedMedia(
                "wrong_kind", f"{self.name} is a picture; upload it to the project's media."
            )
        if kind is None:
            raise UnsupportedMedia(
                "wrong_kind", f"{self.name} is a song; upload it as the project's audio."
            )
        most = limits(settings())[kind]
        if self.size > most:
            raise TooLarge(
                "file_too_large",
                f"{self.name} has {self.size / 1e6:,.1f} MB; "
                f"{_CALLED[kind]} may have {most / 1e6:,.0f} MB.",
                max_size_bytes=most,
            )
        return container, kind


class Incoming(Arrived):
    """One file as it comes in a form, hashed as it passes."""

    def __init__(self, name: str) -> None:
        super().__init__(shown_name(name), incoming.place(), 0)
        self._sha256 = hashlib.sha256()
        self._file = self.path.open("xb")

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._sha256.update(data)
        self.size += len(data)
        return self._file.write(data)

    def seek(self, _offset: int) -> int:
        """The parser rewinds a file that is whole: nothing more will come."""
        self._file.close()
        return 0

    def close(self) -> None:
        """Nobody took the file, or somebody did and it has moved on."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def checksum(self) -> str:
        """SHA-256, in hex."""
        return self._sha256.hexdigest()


@contextmanager
def received(field: str) -> Iterator[list[Incoming]]:
    """The files of the request's multipart body, all from parts called `field`.

    They are gone after the block unless the storage took them. Raises UnsupportedMedia for another
    type of body, Malformed for a broken one, Refused for other parts, LimitReached for more than
    MAX_FILES, InsufficientStorage.
    """
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMedia(
            "unsupported_media", "Send the files as multipart/form-data, as a form of a page does."
        )
    check_room(request.content_length or 0)
    files: list[Incoming] = []

    def begin(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if len(files) == MAX_FILES:
            raise LimitReached(
                "too_many_files",
                f"A form may have {MAX_FILES} files, and nothing was stored of this one, which has "
                "more; send them in several.",
                limit=MAX_FILES,
            )
        files.append(Incoming(filename or ""))
        return cast(IO[bytes], files[-1])

    try:
        _parse(field, begin)
        repeats.of_files([(file.name, file.checksum) for file in files])
        yield files
    finally:
        for file in files:
            file.close()


def _parse(field: str, begin: "TStreamFactory") -> None:
    parser = FormDataParser(
        stream_factory=begin,
        max_form_memory_size=FORM_MARGIN_BYTES,
        max_content_length=max_body_bytes(settings()),
        silent=False,
        max_form_parts=MAX_FILES + 1,
    )
    try:
        _, form, files = parser.parse_from_environ(request.environ)
    except ValueError as broken:
        raise Malformed(
            "malformed_form", "The form broke off or is not multipart/form-data.", where=("body",)
        ) from broken
    strange = [name for name in (*form, *files) if name != field]
    if strange:
        raise Refused(
            [
                {
                    "loc": ("body", shown_name(name)),
                    "msg": f"No such part; files go into {field}",
                    "type": "extra_forbidden",
                }
                for name in dict.fromkeys(strange)
            ]
        )
    if field not in files:
        raise Refused([{"loc": ("body", field), "msg": "No file was sent", "type": "missing"}])


def check_room(more_bytes: int) -> None:
    """Raise InsufficientStorage when so much more would leave less than the floor free."""
    here = settings()
    place = here.storage_path
    place.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(place).free
    if free - more_bytes < here.disk_floor_bytes:
        raise InsufficientStorage(
            "insufficient_storage",
            f"The server has {free / 1e6:,.0f} MB free and keeps "
            f"{here.disk_floor_bytes / 1e6:,.0f} MB of it; this upload needs "
            f"{more_bytes / 1e6:,.1f} MB and was not stored. "
            "Delete projects that are no longer needed, or try again later.",
        )


def limits(here: Settings) -> Mapping[str, int]:
    """How many bytes a file of each kind may have."""
    kinds = {
        "image": here.max_image_bytes,
        "video": here.max_video_bytes,
        "audio": here.max_audio_bytes,
    }
    return {kind: min(most, here.max_upload_size) for kind, most in kinds.items()}


def max_body_bytes(here: Settings) -> int:
    """How large a request may be: the largest file and its form."""
    return max(limits(here).values()) + FORM_MARGIN_BYTES


def shown_name(given: str) -> str:
    """A name as people see it: the last part of what the client sent, on one line."""
    last = PurePosixPath(given.replace("\\", "/")).name
    return _UNPRINTABLE.sub("", last).strip()[:_MAX_NAME] or "file"


def content_type(storage: Storage, key: str) -> str:
    """The type of a stored upload, by its bytes."""
    with storage.open(key) as file:
        return sniff(file.read(HEAD_BYTES)).content_type
