"""Build the timeline and keep its EDL under its hash."""

from beatstitch.beats.grid import from_json
from beatstitch.jobs.timeline_build.args import Built, Ticket
from beatstitch.timeline.build import build
from beatstitch.timeline.edl import dumps, edl_hash
from beatstitch.workspace import Workspace


def run(ticket: Ticket, workspace: Workspace) -> Built:
    """The EDL of the project is kept. Raises what `build` raises."""
    grid = from_json(workspace.fetch(ticket.grid_key).read_bytes())
    edl = build(
        grid,
        ticket.media,
        ticket.settings,
        audio_duration_us=grid.duration_us,
        project_id=ticket.project_id,
        locked=ticket.locked,
        set_aside=ticket.set_aside,
    )
    name = edl_hash(edl)
    prefix = ticket.edl_prefix
    text = dumps(edl, ticket.generated_at)
    key = workspace.keep_text(text, prefix, name, current=f"{prefix}.json")
    return Built(name, key, len(edl.segments), edl.total_duration_us, edl.warnings)
