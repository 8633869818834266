"""Render a chunk, measure what came out, keep both; keep nothing that isn't what was planned."""

from collections.abc import Callable

from beatstitch.documents import file_sha256
from beatstitch.ffmpeg import damage
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits, Progress
from beatstitch.ffmpeg.written import written
from beatstitch.jobs.render_chunk.args import Rendered
from beatstitch.render.apart import commands
from beatstitch.render.command import CHUNK_FILE, TINY_FILE
from beatstitch.render.order import ChunkOrder
from beatstitch.render.proof import proof_json, prove
from beatstitch.workspace import Workspace

MEMORY_BYTES = 2 * 1024**3
# 4K and HDR, in or out: six layers in a 4K film took 1.7 GB, and RLIMIT_AS counts what is only
# reserved.
LARGE_SIDE_PX = 2560
MEMORY_LARGE_BYTES = 3 * 1024**3
STALL_S = 60


def run(ticket: ChunkOrder, workspace: Workspace) -> Rendered:
    """The chunk's file and its proof are kept.

    Raises ChunkUnfit when frames are missing, which a broken or changed source makes happen.
    """
    chunk = ticket.chunk

    steps = commands(chunk, ticket.profile)
    files = {key: workspace.fetch(key) for key in ticket.inputs}
    is_told = False
    for number, step in enumerate(steps):
        tail = run_command(
            step,
            files,
            workspace.scratch,
            limits=_limits(ticket),
            on_progress=_heard(number, len(steps), chunk.frames, workspace),
            stop=workspace.stop,
            level="warning",
        )
        is_told |= damage.is_told(tail)
        laid = (output.name for output in step.outputs)
        files |= {name: workspace.scratch / name for name in laid}
    film = workspace.scratch / CHUNK_FILE
    found = written(film)
    tiny = (workspace.scratch / TINY_FILE).read_bytes()
    proof = workspace.scratch / "proof.json"
    proof.write_bytes(
        proof_json(prove(chunk, ticket.profile, found.picture, found.keyframes, tiny))
    )
    workspace.keep(film, ticket.film_key)
    workspace.keep(proof, ticket.proof_key)
    return Rendered(film.stat().st_size, file_sha256(film), is_told)


def _heard(step: int, steps: int, frames: int, workspace: Workspace) -> Callable[[Progress], None]:
    """Hands on how far FFmpeg is, of the last step in frames: those before it make none that
    anybody will see."""

    def hear(progress: Progress) -> None:
        percent = min(99, 100 * (step * frames + progress.frame) // (steps * frames))
        done = progress.frame if step == steps - 1 else 0
        workspace.report(percent, "rendering", f"Rendered {done} of {frames} frames")

    return hear


def _limits(ticket: ChunkOrder) -> Limits:
    """What the chunk's FFmpeg may take: 120 s and twenty times the chunk's length."""
    sources = [layer.source for piece in ticket.chunk.pieces for layer in piece.layers]
    profile = ticket.profile
    sizes = [(profile.width, profile.height), *((s.width, s.height) for s in sources)]
    is_large = max(map(max, sizes)) > LARGE_SIDE_PX or any(source.is_hdr for source in sources)
    return Limits(
        timeout_s=120 + 20 * float(ticket.chunk.frames / profile.frame_rate),
        stall_s=STALL_S,
        memory_bytes=MEMORY_LARGE_BYTES if is_large else MEMORY_BYTES,
    )
