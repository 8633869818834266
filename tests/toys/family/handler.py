"""Joins what the parts have said."""

from beatstitch.workspace import Workspace
from toys.family.args import Joined, Ticket


def run(ticket: Ticket, workspace: Workspace) -> Joined:
    """Keep all the texts as one."""
    text = "".join(workspace.fetch(key).read_text() for key in ticket.inputs)
    path = workspace.scratch / "joined.txt"
    path.write_text(text)
    workspace.keep(path, ticket.key)
    return Joined(text)
