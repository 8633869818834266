"""Take in one file: sniff it, then let the side of photos, animations or clips say what
it is."""

from beatstitch.documents import file_sha256
from beatstitch.errors import MediaRejected, UnsupportedMedia
from beatstitch.ffmpeg.sniff import sniff_file
from beatstitch.jobs.media_processing import animation, clip, photo
from beatstitch.jobs.media_processing.args import Facts, Ticket
from beatstitch.workspace import Workspace


def run(ticket: Ticket, workspace: Workspace) -> Facts:
    """The facts of a photo or a clip; its working copy and thumbnail are kept.

    Raises MediaRejected, UnsupportedMedia or LimitReached with a sentence that names the file.
    """
    path = workspace.fetch(ticket.key)
    if ticket.stamp is not None and file_sha256(path) != ticket.checksum:
        raise MediaRejected(
            "source_changed",
            f"{ticket.name} isn't what was uploaded any more: its stored file was changed. Remove "
            "it and upload it again.",
        )
    container = sniff_file(path, ticket.name)
    if "image" in container.kinds:
        take = animation.take if animation.moves(path, ticket.name) else photo.take
        return take(path, ticket, workspace)
    if "video" in container.kinds:
        return clip.take(path, container, ticket, workspace)
    raise UnsupportedMedia("not_footage", f"{ticket.name} is a sound file, not a photo or a clip.")
