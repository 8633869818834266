"""One decode of a clip gives the parts of it that are shown, with keyframes close together."""

from beatstitch.documents import file_sha256
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.jobs.mezzanine.args import Made
from beatstitch.render.mezzanine import MEZZANINE_FILE, MezzanineOrder, mezzanine_command
from beatstitch.workspace import Workspace


def run(ticket: MezzanineOrder, workspace: Workspace) -> Made:
    """The mezzanine is kept. Raises what `run_command` does."""
    workspace.report(0, "preparing", "Preparing a clip whose keyframes are far apart")
    run_command(
        mezzanine_command(ticket.source, ticket.parts),
        {ticket.source.key: workspace.fetch(ticket.source.key)},
        workspace.scratch,
        # Nothing is written while it decodes on to the next part, which is no sign of a stall.
        limits=Limits(timeout_s=110 + 4 * ticket.media_s),
        stop=workspace.stop,
    )
    film = workspace.scratch / MEZZANINE_FILE
    workspace.keep(film, ticket.key)
    return Made(film.stat().st_size, file_sha256(film))
