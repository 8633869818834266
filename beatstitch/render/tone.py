"""HDR as SDR: a table that gives each colour of PQ or HLG the colour that it has in BT.709.

A table, for FFmpeg's own way in floating point (zscale, tonemap) takes 1.4 times the CPU and twice
the memory, and makes HLG's colours too strong: its quick gamma bends each of red, green and blue,
where BT.2100 bends the light of all three. Knows light and no pictures.
"""

from functools import cache
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from beatstitch.render.source import Source
from beatstitch.render.text import Text

# Of so many greys each a table gives the right one within one step of 8 bits.
POINTS = 33
WHITE_NITS = 203
"""Diffuse white, SDR's white (ITU-R BT.2408): 90 % of the signal here, for the light above it needs
room. Grey of 26 nits comes out as 42 %, where BT.709 has it."""
# Below this share of diffuse white light stays as it is; above it Möbius' curve bends up to what
# is brightest, softly (as FFmpeg's tonemap=mobius, by the largest of red, green and blue, so that
# the hue stays).
_BENT_FROM = 0.55
_HLG_PEAK_NITS, _PQ_PEAK_NITS = 1000, 4000
_HLG_GAMMA = 1.2
# Red, green, blue and white as CIE x, y (ITU-R BT.709, BT.2020; SMPTE EG 432-1).
_D65 = (0.3127, 0.3290)
_PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_Floats = NDArray[np.float64]


def table(source: Source) -> Text:
    """The table for an HDR source, as a .cube file for lut3d. What says no primaries has
    BT.2020's."""
    known = source.color_primaries in _PRIMARIES
    return _table(source.color_transfer, source.color_primaries if known else "bt2020")


@cache
def _table(transfer: str, primaries: str) -> Text:
    steps = np.linspace(0, 1, POINTS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    signal = np.stack([red, green, blue], -1).reshape(-1, 3)
    to_xyz = _to_xyz(primaries)
    if transfer == "smpte2084":
        light, peak_nits = _pq_nits(signal), _PQ_PEAK_NITS
    else:
        light, peak_nits = _hlg_nits(signal, to_xyz[1]), _HLG_PEAK_NITS
    to_bt709 = np.linalg.inv(_to_xyz("bt709")) @ to_xyz
    shown = _bent(light / WHITE_NITS @ to_bt709.T, peak_nits / WHITE_NITS)
    # A monitor's gamma, BT.1886: light is told as it is to be seen.
    coded = np.clip(shown, 0, 1) ** (1 / 2.4)
    file = StringIO()
    np.savetxt(file, coded, fmt="%.5f", header=f"LUT_3D_SIZE {POINTS}", comments="")
    return Text(f"{transfer}-{primaries}.cube", file.getvalue())


def _to_xyz(primaries: str) -> _Floats:
    """From linear light to CIE XYZ, its white being D65 (SMPTE RP 177)."""
    whole = np.array([_xyz(*place) for place in _PRIMARIES[primaries]]).T
    return whole * np.linalg.solve(whole, _xyz(*_D65))


def _xyz(x: float, y: float) -> _Floats:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _pq_nits(signal: _Floats) -> _Floats:
    """SMPTE ST 2084's EOTF."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = signal ** (1 / m2)
    light: _Floats = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light


def _hlg_nits(signal: _Floats, luma: _Floats) -> _Floats:
    """ITU-R BT.2100's inverse OETF, and its OOTF on a display of 1,000 nits."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    bright = np.maximum(scene @ luma, 1e-9)[:, None]
    light: _Floats = _HLG_PEAK_NITS * scene * bright ** (_HLG_GAMMA - 1)
    return light


def _bent(light: _Floats, peak: float) -> _Floats:
    most, j = np.maximum(light.max(axis=1, keepdims=True), 1e-9), _BENT_FROM
    a = -(j**2) * (peak - 1) / (j**2 - 2 * j + peak)
    b = (j**2 - 2 * j * peak + peak) / (peak - 1)
    curve = (b**2 + 2 * b * j + j**2) / (b - a) * (most + a) / (most + b)
    bent: _Floats = light * np.where(most <= j, 1.0, curve / most)
    return bent
