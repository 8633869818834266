"""A group of commands whose faults are one sentence on stderr."""

from typing import Any

import click

from beatstitch.errors import BeatstitchError


class OneSentence(click.Group):
    """Turns a fault of the vocabulary into click's own kind, which prints it and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BeatstitchError as fault:
            raise click.ClickException(fault.message) from fault
