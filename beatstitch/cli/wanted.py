"""What the options of `beatstitch make` say of the timeline: its settings, and which of them would
do nothing beside what is given already. How a film is made of it isn't known here."""

from pathlib import Path

import click
from click.core import ParameterSource

from beatstitch.cli.production import read_timeline
from beatstitch.timeline.settings import TimelineSettings

# A given timeline carries these itself: they may say the same, or nothing.
SETTINGS_OF = {
    "beats_per_cut": ("beats_per_cut",),
    "transition": ("transition_type",),
    "fit": ("fit",),
    "size": ("output_width", "output_height"),
    "fps": ("output_fps",),
    "start": ("audio_start_ms",),
    "duration": ("duration_ms",),
    "seed": ("seed",),
    "section": ("section_rules",),
    "fade_out": ("audio_fade_out_ms",),
    "clip_sound": ("clip_audio_gain_db",),
    "pulse": ("pulse",),
    "flash": ("flash",),
}
# And these have done their work when there is a timeline.
OF_THE_BUILDING = ("detector", "bpm", "offset", "beats", "focus")


def settings_of(size: tuple[int, int], wanted: dict[str, object]) -> dict[str, object]:
    """The settings of a timeline, unchecked: the size, and the other options by name."""
    return {
        "beats_per_cut": int(str(wanted["beats_per_cut"])),
        "transition_type": wanted["transition"],
        "output_width": size[0],
        "output_height": size[1],
        "output_fps": wanted["fps"],
        "fit": wanted["fit"],
        "pulse": wanted["pulse"],
        "flash": wanted["flash"],
        "seed": wanted["seed"],
        "audio_start_ms": wanted["start"],
        "duration_ms": wanted["duration"],
        "section_rules": wanted["section"],
        "audio_fade_out_ms": wanted["fade_out"],
        "clip_audio_gain_db": wanted["clip_sound"],
    }


def refuse_idle(
    bpm: float | None, beats: Path | None, from_edl: Path | None, asked: TimelineSettings
) -> None:
    """An option that would do nothing is a mistake to name, not to pass over. Which detector is
    liked best is no wish for this film alone, so it may stand beside a tempo that is set. Raises
    UsageError."""
    ctx = click.get_current_context()
    given = [
        name
        for name in (*SETTINGS_OF, *OF_THE_BUILDING)
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if from_edl is not None and given:
        theirs = read_timeline(from_edl).settings
        for name in given:
            fields = SETTINGS_OF.get(name, ())
            if not fields or any(getattr(asked, f) != getattr(theirs, f) for f in fields):
                option = name.replace("_", "-")
                raise click.UsageError(f"--{option} can't change a given timeline (--from-edl).")
    if "offset" in given and bpm is None:
        raise click.UsageError("--offset goes with --bpm.")
    if bpm is not None and beats is not None:
        raise click.UsageError("--bpm and --beats both say where the beats are.")
