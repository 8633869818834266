"""How well sections are found: songs made by code, borders within half a second, levels in time.

Every form is played with seeds that were looked at while the rules were made and with others that
were not. Bars are the true ones, and, with --heard, those that the detector hears.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from beatstitch.beats.energy import Section
from beatstitch.beats.grid import Beat, BeatGrid
from beatstitch.beats.steady import steady_grid
from beatstitch.detect import analyse, pcm
from beatstitch.detect.energy import with_energy
from forms import FORMS, Formed, formed

LOOKED_AT, KEPT_APART = range(6), range(100, 106)
WITHIN_S = 0.5
# What a section's name says of its level.
LEVELS = {"intro": "low", "outro": "low", "drop": "high"}


def main() -> None:
    """Print a line for each set of songs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heard", action="store_true", help="on the beats that are heard")
    parser.add_argument("--each", action="store_true", help="a line for each song too")
    asked = parser.parse_args()
    print("| songs | boundary F at 0.5 s | level right | CPU s a minute |")  # noqa: T201
    print("|---|---|---|---|")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        for name, seeds in (("looked at", LOOKED_AT), ("kept apart", KEPT_APART)):
            scores = [
                score(formed(Path(folder) / "song.wav", form, seed), asked.heard, asked.each)
                for form in FORMS
                for seed in seeds
            ]
            means = np.mean(scores, axis=0)
            print(  # noqa: T201
                f"| {len(scores)} {name} | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.2f} |"
            )


def score(song: Formed, is_heard: bool, is_told: bool) -> tuple[float, float, float]:
    """F of the borders, the share of time at the right level, and CPU seconds a minute."""
    wav = pcm.opened(song.path)
    grid = _heard(song) if is_heard else _true(song)
    began = time.process_time()
    sections = with_energy(grid, wav, lambda _: None).sections
    cpu = (time.process_time() - began) * 60 / song.duration_s
    found = [section.start_us / 1e6 for section in sections[1:]]
    true = [part.start_s for part in song.parts[1:]]
    borders, level = boundary_f(found, true), _level_share(sections, song)
    if is_told:
        said = " ".join(f"{s.label}@{s.start_us / 1e6:.1f}({s.energy:.2f})" for s in sections)
        truth = " ".join(f"{part.level}@{part.start_s:.1f}" for part in song.parts)
        print(f"  {borders:.2f} {level:.2f} | {said} | {truth}")  # noqa: T201
    return borders, level, cpu


def boundary_f(found: list[float], true: list[float]) -> float:
    """F of borders, each matched once."""
    hits, left = 0, list(found)
    for border in true:
        near = [other for other in left if abs(other - border) <= WITHIN_S]
        if near:
            left.remove(min(near, key=lambda other: abs(other - border)))
            hits += 1
    return 2 * hits / (len(found) + len(true)) if found or true else 1.0


def _level_share(sections: tuple[Section, ...], song: Formed) -> float:
    at = np.arange(song.parts[0].start_s, song.parts[-1].end_s, 0.1)
    said = [next(LEVELS.get(s.label, s.label) for s in sections if s.end_us / 1e6 > t) for t in at]
    true = [next(part.level for part in song.parts if part.end_s > t) for t in at]
    return float(np.mean([one == other for one, other in zip(said, true, strict=True)]))


def _true(song: Formed) -> BeatGrid:
    first, second = song.beats_s[:2]
    grid = steady_grid(60 / (second - first), 0, round(song.duration_s * 1e6))
    return replace(
        grid,
        beats_per_bar=song.beats_per_bar,
        beats=tuple(
            Beat(round(t * 1e6), i % song.beats_per_bar + 1, 1.0)
            for i, t in enumerate(song.beats_s)
        ),
    )


def _heard(song: Formed) -> BeatGrid:
    return analyse(
        song.path,
        duration_us=round(song.duration_s * 1e6),
        checksum="",
        detector="auto",
        on_progress=lambda *_: None,
    )


if __name__ == "__main__":
    main()
