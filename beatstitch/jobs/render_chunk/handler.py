"""Render a chunk, measure what came out, keep both; keep nothing that isn't what was planned."""

from beatstitch.documents import file_sha256
from beatstitch.ffmpeg.command import run_command
from beatstitch.ffmpeg.run import Limits, Progress
from beatstitch.ffmpeg.written import written
from beatstitch.jobs.render_chunk.args import Rendered
from beatstitch.render.command import CHUNK_FILE, TINY_FILE, chunk_command
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

    def hear(progress: Progress) -> None:
        percent = min(99, 100 * progress.frame // chunk.frames)
        said = f"Rendered {progress.frame} of {chunk.frames} frames"
        workspace.report(percent, "rendering", said)

    run_command(
        chunk_command(chunk, ticket.profile),
        {key: workspace.fetch(key) for key in ticket.inputs},
        workspace.scratch,
        limits=_limits(ticket),
        on_progress=hear,
        stop=workspace.stop,
    )
    film = workspace.scratch / CHUNK_FILE
    found = written(film)
    tiny = (workspace.scratch / TINY_FILE).read_bytes()
    proof = workspace.scratch / "proof.json"
    proof.write_bytes(
        proof_json(prove(chunk, ticket.profile, found.picture, found.keyframes, tiny))
    )
    workspace.keep(film, ticket.film_key)
    workspace.keep(proof, ticket.proof_key)
    return Rendered(film.stat().st_size, file_sha256(film))


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
