"""`beatstitch`: the group of commands, and the one place where a fault becomes an exit code."""

import errno
import logging
import signal
import sys
from importlib import import_module
from types import FrameType

import click

from beatstitch import __version__
from beatstitch.cli.sentences import printable
from beatstitch.errors import BeatstitchError, Invalid, NotFound

BAD_USE, FAILED, INTERRUPTED = 2, 1, 130
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMANDS = {
    "make": ("beatstitch.cli.make:make", "Make a film of photos and clips, cut to a song."),
    "beats": ("beatstitch.cli.beats:beats", "Write down the beats of a song."),
    "verify": ("beatstitch.cli.verify:verify", "Hold a film against its sync report."),
    "serve": ("beatstitch.cli.serve:serve", "Answer HTTP: the REST API."),
    "worker": ("beatstitch.cli.worker:worker", "Do the jobs of the server."),
}


class LazyGroup(click.Group):
    """Commands by dotted path, each imported when it runs; the list needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, or None for a name that isn't one."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="beatstitch")
def cli() -> None:
    """Cut photos and clips to the beat of a song."""


def main() -> None:
    """Run the command line: 0 done, 1 failed with a sentence, 2 bad use, 130 interrupted."""
    for number in INTERRUPTS:
        # What is ignored was meant to be: by nohup, or by a shell for what runs in its background.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code; a fault is one sentence on stderr."""
    # A person reads sentences. Commands that serve start a log of their own (`logs.start`).
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        result = cli.main(arguments, prog_name="beatstitch", standalone_mode=False)
    except click.ClickException as refused:
        refused.show()
        return BAD_USE
    except (KeyboardInterrupt, click.Abort):
        return _say("Interrupted. Nothing half-made was left behind.", INTERRUPTED)
    except (Invalid, NotFound) as refused:  # what isn't there was named on the command line
        return _say(refused.message, BAD_USE)
    except BeatstitchError as failed:
        return _say(failed.message, FAILED)
    except OSError as failed:
        if failed.errno == errno.ENOSPC:
            return _say("The disk is full. Free some space and try again.", FAILED)
        return _say(f"{failed.filename or 'A file'}: {failed.strerror}.", FAILED)
    return result if isinstance(result, int) else 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # One is enough: a second would end the tidying up, which takes a second, and leave the rest.
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(sentence: str, code: int) -> int:
    click.echo(printable(f"beatstitch: {sentence}"), err=True)
    return code
