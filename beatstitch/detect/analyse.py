"""The one way in: a decoded song goes in, its beat grid comes out, whichever detector heard it."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from beatstitch.beats import bars, tempo
from beatstitch.beats.grid import BeatGrid, Verdict
from beatstitch.beats.steady import steady_beats
from beatstitch.detect import onsets, pcm, trained
from beatstitch.detect.energy import with_energy
from beatstitch.detect.heard import Heard
from beatstitch.detect.models import has_models
from beatstitch.errors import Invalid
from beatstitch.limits import MAX_BPM, MAX_METRE, MIN_BPM, MIN_METRE

Detector = Literal["auto", "madmom", "librosa"]

# Share of sure beats times how likely their level is the right one. Of 870 songs made by code, half
# of them hard and judged by a table that hadn't met their style, the tempo was right in 88 % of
# those above and in 62 % of those below; below, the doubt is nearly always about half or double.
_TRUSTED = 0.6
_BAR_TRUSTED = 0.5
# What to propose where nothing can be heard: the tempo at which people tap by themselves, doubled
# or halved tempi of the guess are brought into the octave around it.
_PLAUSIBLE_BPM = 120.0
_OCTAVE_BPM = (80.0, 160.0)


def analyse(
    pcm_file: Path,
    *,
    duration_us: int,
    checksum: str,
    detector: Detector,
    bpm_hint: float | None = None,
    metre: int | None = None,
    known: Path | None = None,
    learned: Path | None = None,
    on_progress: Callable[[int, str], None],
) -> BeatGrid:
    """Hear the beats of a 16-bit 44.1 kHz WAV, how far to trust them, and the song's sections.

    "auto" takes madmom, and librosa where madmom isn't installed; the grid names its analyser. A
    song without a usable beat gets the verdict `no_beat` and a steady grid at a plausible tempo.
    madmom's networks, which take most of the time, needn't be asked again about a song: what they
    said is written to the file `learned`, and comes back as `known`. `on_progress` gets percent and
    a sentence. With a `metre` bars have so many beats, and only where they begin is listened for.
    Raises MediaRejected for a file that isn't such a WAV, Unavailable when madmom is asked for and
    missing, Invalid for an impossible hint or metre.
    """
    if bpm_hint is not None and not MIN_BPM <= bpm_hint <= MAX_BPM:
        raise Invalid(
            "bad_bpm",
            f"The tempo hint is {bpm_hint:g} BPM; it must lie between {MIN_BPM:g} and {MAX_BPM:g}.",
        )
    if metre is not None and not MIN_METRE <= metre <= MAX_METRE:
        raise Invalid(
            "bad_metre",
            f"Bars of {metre} beats can't be listened for, only of {MIN_METRE} to {MAX_METRE}.",
        )
    on_progress(0, "Reading the song")
    song = pcm.opened(pcm_file)
    is_madmom = detector == "madmom" or (detector == "auto" and has_models())

    def listening(share: float) -> None:
        on_progress(int(90 * share), "Listening for beats")

    if is_madmom:
        heard = trained.hear(song, bpm_hint, metre, listening, known=known, learned=learned)
    else:
        heard = onsets.hear(song, bpm_hint, metre, listening)
    on_progress(95, "Counting bars")
    beats = tuple(beat for beat in heard.beats if 0 <= beat.time_us < duration_us)
    has_beat = heard.has_beat and len(beats) > 1
    bpm = tempo.bpm([beat.time_us for beat in beats]) if len(beats) > 1 else _PLAUSIBLE_BPM
    beats_per_bar = heard.beats_per_bar
    if not has_beat:
        bpm = bpm_hint or round(_plausible(bpm), 2)
        beats_per_bar = metre or bars.DERIVED_BEATS_PER_BAR
        beats = steady_beats(bpm, 0, beats_per_bar, duration_us, confidence=0.0)
    grid = BeatGrid(
        analyzer="madmom" if is_madmom else "librosa",
        beats=beats,
        duration_us=duration_us,
        sample_rate=pcm.SAMPLE_RATE,
        audio_checksum=checksum,
        bpm=bpm,
        bpm_confidence=heard.bpm_confidence if has_beat else 0.0,
        downbeat_confidence=heard.downbeat_confidence if has_beat else 0.0,
        verdict=_verdict(heard, has_beat),
        beats_per_bar=beats_per_bar,
        time_signature=bars.time_signature(beats_per_bar),
        downbeat_source=heard.downbeat_source if has_beat else "derived",
        tempo_candidates=tempo.candidates(bpm),
    )
    on_progress(97, "Looking for sections")
    grid = with_energy(
        grid, song, lambda share: on_progress(97 + int(3 * share), "Looking for sections")
    )
    on_progress(100, f"Found {len(beats)} beats" if has_beat else "Found no beat to follow")
    return grid


def _plausible(bpm: float) -> float:
    low, high = _OCTAVE_BPM
    while bpm < low:
        bpm *= 2
    while bpm >= high:
        bpm /= 2
    return bpm


def _verdict(heard: Heard, has_beat: bool) -> Verdict:
    if not has_beat:
        return "no_beat"
    if not heard.is_calibrated or heard.bpm_confidence < _TRUSTED:
        return "check_tempo"
    return "high" if heard.downbeat_confidence >= _BAR_TRUSTED else "bar_start_uncertain"
