"""Sentences on a terminal: faults of a group of commands, and text that names files."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from beatstitch.errors import BeatstitchError, Invalid

# Control characters, undecodable bytes as Python holds them, and ends of lines and paragraphs.
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def printable(sentence: str) -> str:
    """The sentence on one line: a file's name may hold anything, and a terminal would obey it."""
    return "".join("\ufffd" if unicodedata.category(c) in UNPRINTABLE else c for c in sentence)


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """What is Invalid in the block is said with the file's name before it."""
    try:
        yield
    except Invalid as refused:
        raise Invalid(refused.code, f"{file.name}: {refused.message}", refused.where) from refused


class OneSentence(click.Group):
    """Turns a fault of the vocabulary into click's own kind, which prints it and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BeatstitchError as fault:
            raise click.ClickException(fault.message) from fault
