"""One decode of a clip gives the parts of it that are shown, with keyframes close together."""

from beatstitch.documents import file_sha256
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits, Progress
from beatstitch.jobs.mezzanine.args import Made
from beatstitch.render.mezzanine import MEZZANINE_FILE, MezzanineOrder, mezzanine_command
from beatstitch.workspace import Workspace


def run(ticket: MezzanineOrder, workspace: Workspace) -> Made:
    """The mezzanine is kept. Raises what `run_command` does."""

    def hear(progress: Progress) -> None:
        percent = progress.percent(ticket.media_s * 1e6, 0, 99)
        workspace.report(percent, "preparing", "Preparing a clip whose keyframes are far apart")

    run_command(
        mezzanine_command(ticket.source, ticket.parts),
        {ticket.source.key: workspace.fetch(ticket.source.key)},
        workspace.scratch,
        limits=Limits(timeout_s=110 + 4 * ticket.media_s, stall_s=60),
        on_progress=hear,
        stop=workspace.stop,
    )
    film = workspace.scratch / MEZZANINE_FILE
    workspace.keep(film, ticket.key)
    return Made(film.stat().st_size, file_sha256(film))
