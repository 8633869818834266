"""The work of an echo: files in, files out."""

import logging
import os
import time

from beatstitch.workspace import Workspace
from toys.echo.args import Echo, Ticket

log = logging.getLogger("beatstitch.job")


def run(ticket: Ticket, workspace: Workspace) -> Echo:
    """Write the text down and keep it."""
    began_ms = time.time() * 1000
    text = ticket.text + "".join(workspace.fetch(key).read_text() for key in ticket.inputs)
    path = workspace.scratch / "echo.txt"
    with path.open("w") as file:
        for number in range(ticket.times):
            workspace.report(100 * number // ticket.times, "saying", f"Said it {number} times")
            file.write(text)
    log.info("said it all")
    workspace.keep(path, ticket.key)
    return Echo(path.stat().st_size, os.getpid(), began_ms)
