"""Uploads that come in pieces, and where one that is whole goes."""

from typing import Annotated

from pydantic import Field

from beatstitch.inventory.partial import Partial
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.uploads import MAX_FILES


class UploadShown(Shown):
    """An upload, and how many of its bytes have come."""

    id: str
    filename: str
    upload_length: int
    upload_offset: int
    is_complete: bool
    expires_at: Moment

    @staticmethod
    def of(upload: Partial) -> "UploadShown":
        """From its files."""
        offset = upload.offset
        return UploadShown(
            id=upload.id,
            filename=upload.name,
            upload_length=upload.size,
            upload_offset=offset,
            is_complete=offset == upload.size,
            expires_at=upload.ends_at,
        )


class WholeUploads(Body):
    """Uploads in the place of files."""

    upload_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_FILES)]


class WholeUpload(Body):
    """An upload in the place of a file."""

    upload_id: str
