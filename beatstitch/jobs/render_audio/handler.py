"""Encode the song from its PCM and keep it."""

from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits
from beatstitch.jobs.render_audio.args import Rendered
from beatstitch.render.command import SONG_FILE
from beatstitch.render.order import SongOrder
from beatstitch.workspace import Workspace


def run(ticket: SongOrder, workspace: Workspace) -> Rendered:
    """The encoded song is kept."""
    run_command(
        ticket.command,
        {key: workspace.fetch(key) for key in ticket.inputs},
        workspace.scratch,
        limits=Limits(timeout_s=120 + ticket.duration_s, stall_s=60),
        stop=workspace.stop,
    )
    song = workspace.scratch / SONG_FILE
    workspace.keep(song, ticket.song_key)
    return Rendered(song.stat().st_size)
