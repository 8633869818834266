"""HDR as SDR: a table that gives each colour of PQ or HLG the colour that it has in BT.709.

A table, for FFmpeg's own way in floating point (zscale, tonemap) takes 1.4 times the CPU and twice
the memory, and makes HLG's colours too strong: its quick gamma bends each of red, green and blue,
where BT.2100 bends the light of all three. Knows light and no pictures.
"""

from functools import cache
from itertools import product
from math import exp

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
_Light = tuple[float, float, float]
_Matrix = tuple[_Light, _Light, _Light]


def table(source: Source) -> Text:
    """The table for an HDR source, as a .cube file for lut3d. What says no primaries has
    BT.2020's."""
    known = source.color_primaries in _PRIMARIES
    return _table(source.color_transfer, source.color_primaries if known else "bt2020")


@cache
def _table(transfer: str, primaries: str) -> Text:
    """A fifth of a second of arithmetic, as long as it takes to import a library for it."""
    to_xyz, is_pq = _to_xyz(primaries), transfer == "smpte2084"
    to_bt709 = _product(_inverse(_to_xyz("bt709")), to_xyz)
    peak = (_PQ_PEAK_NITS if is_pq else _HLG_PEAK_NITS) / WHITE_NITS
    axis = [(_pq_nits if is_pq else _hlg_scene)(step / (POINTS - 1)) for step in range(POINTS)]
    lines = [f"LUT_3D_SIZE {POINTS}"]
    # The first colour changes fastest.
    for blue, green, red in product(axis, axis, axis):
        light = (red, green, blue)
        r, g, b = _times(to_bt709, light if is_pq else _hlg_nits(light, to_xyz[1]))
        most = max(1e-6, r, g, b) / WHITE_NITS
        share = (most if most <= _BENT_FROM else _bent(most, peak)) / most / WHITE_NITS
        lines.append(f"{_coded(r * share):.5f} {_coded(g * share):.5f} {_coded(b * share):.5f}")
    return Text(f"{transfer}-{primaries}.cube", "\n".join(lines) + "\n")


def _coded(light: float) -> float:
    """A monitor's gamma, BT.1886: light is told as it is to be seen."""
    return 0.0 if light <= 0 else float(min(1.0, light) ** (1 / 2.4))


def _bent(light: float, peak: float) -> float:
    j = _BENT_FROM
    a = -(j**2) * (peak - 1) / (j**2 - 2 * j + peak)
    b = (j**2 - 2 * j * peak + peak) / (peak - 1)
    return (b**2 + 2 * b * j + j**2) / (b - a) * (light + a) / (light + b)


def _pq_nits(signal: float) -> float:
    """SMPTE ST 2084's EOTF."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root: float = signal ** (1 / m2)
    light: float = 10_000 * (max(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light


def _hlg_scene(signal: float) -> float:
    """ITU-R BT.2100's inverse OETF: the light that was before the camera."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return signal**2 / 3 if signal <= 0.5 else (exp((signal - c) / a) + b) / 12


def _hlg_nits(scene: _Light, luma: _Light) -> _Light:
    """Its OOTF on a display of 1,000 nits."""
    bright = scene[0] * luma[0] + scene[1] * luma[1] + scene[2] * luma[2]
    gain = _HLG_PEAK_NITS * max(bright, 1e-9) ** (_HLG_GAMMA - 1)
    return (scene[0] * gain, scene[1] * gain, scene[2] * gain)


def _to_xyz(primaries: str) -> _Matrix:
    """From linear light to CIE XYZ, its white being D65 (SMPTE RP 177)."""
    red, green, blue = (_xyz(*place) for place in _PRIMARIES[primaries])
    whole = (
        (red[0], green[0], blue[0]),
        (red[1], green[1], blue[1]),
        (red[2], green[2], blue[2]),
    )
    r, g, b = _times(_inverse(whole), _xyz(*_D65))
    x, y, z = ((row[0] * r, row[1] * g, row[2] * b) for row in whole)
    return (x, y, z)


def _xyz(x: float, y: float) -> _Light:
    return (x / y, 1.0, (1 - x - y) / y)


def _times(matrix: _Matrix, light: _Light) -> _Light:
    r, g, b = light
    (m, n, o), (p, q, s), (t, u, v) = matrix
    return (m * r + n * g + o * b, p * r + q * g + s * b, t * r + u * g + v * b)


def _product(first: _Matrix, second: _Matrix) -> _Matrix:
    columns = [_times(first, (row[0], row[1], row[2])) for row in zip(*second, strict=True)]
    x, y, z = ((columns[0][i], columns[1][i], columns[2][i]) for i in range(3))
    return (x, y, z)


def _inverse(matrix: _Matrix) -> _Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return (
        ((e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        ((f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        ((d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )
