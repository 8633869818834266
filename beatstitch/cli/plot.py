"""A picture of a beat grid, to see at a glance whether it is right: the waveform with its beats and
bars, the song's sections, and how sure each beat is.

Drawn with Pillow, which is there for photos already; numbers in, pixels out.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from beatstitch.beats.energy import Label
from beatstitch.beats.grid import BeatGrid
from beatstitch.cli.summary import VERDICTS
from beatstitch.detect import waveform
from beatstitch.detect.pcm import SAMPLE_RATE, Song

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 1_800, 70, 20, 76, 44
_MOST_ROWS, _LEAST_ROW_S, _STEPS_S = 12, 30, (30, 60, 120, 300, 600)
# Of a row, from the top: bar numbers and sections, the waveform, three lanes of strokes, how sure
# beats are, the time.
_SECTION, _WAVE, _LANE, _SURE, _TIME = 22, 110, 13, 26, 20
_ROW = _SECTION + 14 + _WAVE + 3 * _LANE + 4 + _SURE + _TIME + 16
# Lines nearer than this to each other are a grey wall and not beats.
_LEAST_GAP_PX = 3.0

_PAPER, _INK, _FAINT, _SOUND = "#ffffff", "#22252b", "#8a919c", "#9db4d3"
_BEAT, _BAR = "#c9ccd2", "#d6322c"
_LANES = (("kick", "#5a3f98"), ("snare", "#b2562a"), ("hat", "#2f7d6b"))
_SECTIONS: dict[Label, str] = {
    "intro": "#d9e6f2",
    "low": "#bcd7ee",
    "mid": "#fbe3a1",
    "high": "#f6b26b",
    "drop": "#ee7d5c",
    "outro": "#d9e6f2",
}
_UNSURE, _SURE_ENOUGH, _SURE_COLOURS = 0.2, 0.4, ("#d6322c", "#e3a21a", "#3a9a57")


@dataclass(frozen=True, slots=True)
class _Row:
    """A stretch of the song, and where in the picture it is."""

    start_s: float
    length_s: float
    top: int

    def x(self, time_s: float) -> float:
        return _LEFT + (time_s - self.start_s) / self.length_s * (_WIDTH - _LEFT - _RIGHT)

    def has(self, time_s: float) -> bool:
        return self.start_s <= time_s < self.start_s + self.length_s


def draw(grid: BeatGrid, song: Song, name: str, place: Path) -> None:
    """Write the picture of a song's grid as a PNG. `name` is the title."""
    rows = _rows(grid.duration_us / 1e6)
    image = Image.new("RGB", (_WIDTH, _TOP + len(rows) * _ROW + _BOTTOM), _PAPER)
    pen = ImageDraw.Draw(image)
    level = waveform.outline(song)[0]
    _title(pen, grid, name)
    for row in rows:
        _sections(pen, row, grid)
        _wave(pen, row, level)
        _beats(pen, row, grid)
        _strokes(pen, row, grid)
        _confidence(pen, row, grid)
        _clock(pen, row, grid.duration_us / 1e6)
    _legend(pen, image.height - _BOTTOM + 14)
    image.save(place, format="PNG", optimize=True)


def _rows(duration_s: float) -> list[_Row]:
    fits = (step for step in _STEPS_S if duration_s <= step * _MOST_ROWS)
    length_s = next(fits, duration_s / _MOST_ROWS)
    if duration_s <= _LEAST_ROW_S:
        length_s = max(duration_s, 1.0)
    count = max(1, int(-(-duration_s // length_s)))
    return [_Row(i * length_s, length_s, _TOP + i * _ROW) for i in range(count)]


def _title(pen: ImageDraw.ImageDraw, grid: BeatGrid, name: str) -> None:
    pen.text((_LEFT, 14), name, fill=_INK, font=_font(24))
    said = (
        f"{grid.bpm:.2f} BPM · {grid.time_signature} · {len(grid.beats)} beats, "
        f"{len(grid.downbeats())} bars · {grid.analyzer}: {VERDICTS[grid.verdict]} · "
        f"beats {grid.bpm_confidence:.0%}, bar starts {grid.downbeat_confidence:.0%} sure"
    )
    pen.text((_LEFT, 46), said, fill=_FAINT, font=_font(15))


def _sections(pen: ImageDraw.ImageDraw, row: _Row, grid: BeatGrid) -> None:
    for section in grid.sections:
        start_s, end_s = section.start_us / 1e6, section.end_us / 1e6
        if end_s <= row.start_s or start_s >= row.start_s + row.length_s:
            continue
        left = row.x(max(start_s, row.start_s))
        right = row.x(min(end_s, row.start_s + row.length_s))
        box = (left, row.top, right - 1, row.top + _SECTION - 3)
        pen.rectangle(box, fill=_SECTIONS[section.label])
        for said in (f"{section.label}  {section.energy:.2f}", section.label):
            if pen.textlength(said, _font(13)) < right - left - 10:
                pen.text((left + 6, row.top + 2), said, fill=_INK, font=_font(13))
                break


def _wave(pen: ImageDraw.ImageDraw, row: _Row, level: waveform.Level) -> None:
    middle, half = _wave_top(row) + _WAVE / 2, _WAVE / 2
    pixels = np.arange(_LEFT, _WIDTH - _RIGHT + 1)
    times_s = row.start_s + (pixels - _LEFT) / (_WIDTH - _LEFT - _RIGHT) * row.length_s
    at = np.round(times_s * SAMPLE_RATE / level.stretch).astype(int)
    pen.line((_LEFT, middle, _WIDTH - _RIGHT, middle), fill=_BEAT)
    for x, (start, stop) in zip(pixels.tolist(), pairwise(at.tolist()), strict=False):
        least, most = level.least[start : stop + 1], level.most[start : stop + 1]
        if least.size:
            low, high = int(least.min()) / 128, int(most.max()) / 128
            pen.line((x, middle - high * half, x, middle - low * half), fill=_SOUND)


def _beats(pen: ImageDraw.ImageDraw, row: _Row, grid: BeatGrid) -> None:
    top, bottom = _wave_top(row), _wave_top(row) + _WAVE
    beat_px = _gap_s(grid, 1) * (_WIDTH - _LEFT - _RIGHT) / row.length_s
    bar_px = beat_px * grid.beats_per_bar
    every = next(n for n in (1, 2, 4, 8, 16, 32, 64, 1_000_000) if bar_px * n >= 30)
    bar = 0
    for beat in grid.beats:
        bar += beat.is_downbeat
        if not row.has(beat.time_us / 1e6):
            continue
        x = row.x(beat.time_us / 1e6)
        if beat.is_downbeat and bar_px >= _LEAST_GAP_PX:
            pen.line((x, top - 3, x, bottom), fill=_BAR, width=2)
        elif beat_px >= _LEAST_GAP_PX:
            pen.line((x, top + 8, x, bottom - 8), fill=_INK)
        if beat.is_downbeat and (bar - 1) % every == 0:
            pen.text((x + 3, top - 15), str(bar), fill=_BAR, font=_font(11))


def _strokes(pen: ImageDraw.ImageDraw, row: _Row, grid: BeatGrid) -> None:
    top = _wave_top(row) + _WAVE + 4
    curves = (grid.beat_energy.kick, grid.beat_energy.snare, grid.beat_energy.hat)
    for (name, colour), curve in zip(_LANES, curves, strict=True):
        pen.text((_LEFT - 8, top - 2), name, fill=_FAINT, font=_font(11), anchor="ra")
        for beat, strength in zip(grid.beats, curve, strict=False):
            if row.has(beat.time_us / 1e6) and strength >= 0.05:
                x, half = row.x(beat.time_us / 1e6), 0.5 + 2.5 * strength
                middle = top + _LANE / 2
                pen.ellipse((x - half, middle - half, x + half, middle + half), fill=colour)
        top += _LANE


def _confidence(pen: ImageDraw.ImageDraw, row: _Row, grid: BeatGrid) -> None:
    bottom = _wave_top(row) + _WAVE + 4 + 3 * _LANE + 4 + _SURE
    pen.text((_LEFT - 8, bottom - 15), "sure", fill=_FAINT, font=_font(11), anchor="ra")
    pen.line((_LEFT, bottom, _WIDTH - _RIGHT, bottom), fill=_BEAT)
    beat_px = _gap_s(grid, 1) * (_WIDTH - _LEFT - _RIGHT) / row.length_s
    half = min(4.0, max(0.5, beat_px / 3))
    for beat in grid.beats:
        if row.has(beat.time_us / 1e6):
            x, sure = row.x(beat.time_us / 1e6), beat.confidence
            colour = _SURE_COLOURS[(sure > _UNSURE) + (sure > _SURE_ENOUGH)]
            pen.rectangle((x - half, bottom - 1 - sure * (_SURE - 2), x + half, bottom), colour)


def _clock(pen: ImageDraw.ImageDraw, row: _Row, duration_s: float) -> None:
    top = _wave_top(row) + _WAVE + 4 + 3 * _LANE + 4 + _SURE
    step_s = next(s for s in (1, 5, 10, 30, 60, 300) if row.length_s / s <= 20 or s == 300)
    first = int(-(-row.start_s // step_s)) * step_s
    for time_s in range(first, int(min(row.start_s + row.length_s, duration_s)) + 1, step_s):
        if row.has(time_s):
            x = row.x(time_s)
            pen.line((x, top, x, top + 4), fill=_FAINT)
            said = f"{time_s // 60}:{time_s % 60:02d}"
            pen.text((x, top + 6), said, fill=_FAINT, font=_font(12), anchor="ma")


def _legend(pen: ImageDraw.ImageDraw, top: int) -> None:
    x = float(_LEFT)
    words = (
        (_BAR, "bar start, with its number"),
        (_INK, "beat"),
        (_SURE_COLOURS[2], "sure beat"),
        (_SURE_COLOURS[1], "less sure"),
        (_SURE_COLOURS[0], "a guess"),
        *((colour, f"{name} struck on the beat") for name, colour in _LANES),
    )
    for colour, said in words:
        pen.rectangle((x, top + 2, x + 10, top + 12), fill=colour)
        pen.text((x + 16, top), said, fill=_FAINT, font=_font(13))
        x += 40 + pen.textlength(said, _font(13))


def _wave_top(row: _Row) -> int:
    return row.top + _SECTION + 14


def _gap_s(grid: BeatGrid, usual: float) -> float:
    gaps = [later.time_us - earlier.time_us for earlier, later in pairwise(grid.beats)]
    return median(gaps) / 1e6 if gaps else usual


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
