"""Media that breaks renderers, made on the spot: broken, hostile, and merely unusual.

Each row of `ODDITIES` is a file name and how to make it. Those that have a picture wear a code of
`footage`, so that a test can tell whether they came out upright, unsqueezed and in order. The id of
each code is in `IDS`. This file knows nothing of BeatStitch.
"""

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from footage import ENCODERS, coded_clip, coded_image, coded_photo, ffmpeg
from songs import drum_song, write_wav

Maker = Callable[[Path], object]

ORIENTED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is stored under each EXIF orientation: the inverse of what is shown."""
EXIF_ORIENTATION = 0x0112


def make(name: str, folder: Path) -> Path:
    """The oddity of this name, made in `folder` unless it is there already."""
    path = folder / name
    if not path.exists():
        ODDITIES[name](path)
    return path


# --- files that are no media, or not any more ------------------------------------------------


def _text(path: Path) -> None:
    path.write_text("Dear diary, this is not a film.\n" * 200)


def _empty(path: Path) -> None:
    path.touch()


def _cut_with_index(path: Path) -> None:
    """The index (moov) comes first and is whole; 60 % of the frames it names are missing."""
    _cut(path, 0.4, "-movflags", "+faststart")


def _cut_without_index(path: Path) -> None:
    """The index was to come last and never came."""
    _cut(path, 0.6)


def _cut(path: Path, share: float, *options: str) -> None:
    whole = path.with_suffix(".whole.mp4")
    coded_clip(whole, IDS.get(path.name, 0), frames=150, options=options)
    data = whole.read_bytes()
    whole.unlink()
    path.write_bytes(data[: int(len(data) * share)])


def _flipped_bits(path: Path) -> None:
    coded_clip(path, IDS[path.name], frames=90, options=("-movflags", "+faststart"))
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(4)
    for place in random.integers(len(data) // 3, len(data), 40):
        data[place] ^= 1 << int(random.integers(8))
    path.write_bytes(data)


def _damaged(path: Path) -> None:
    """Noise in the place of some packets of the third second; all others are as they were."""
    options = ("-g", "30", "-sc_threshold", "0", "-movflags", "+faststart")
    coded_clip(path, IDS[path.name], frames=180, options=options)
    asked = ("-select_streams", "v", "-show_entries", "packet=pos,pts_time", "-of", "csv=p=0")
    said = subprocess.run(
        ["ffprobe", "-v", "error", *asked, path], capture_output=True, check=True, text=True
    )
    places = dict(line.split(",")[:2] for line in said.stdout.split())
    start, end = (int(places[f"{time}.000000"]) for time in (2, 3))
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(5).integers(0, 256, (end - start) // 2, np.uint8).tobytes()
    data[end - len(noise) : end] = noise
    path.write_bytes(data)


def _concat_script(path: Path) -> None:
    coded_clip(path.with_name("sibling.mp4"), 0, frames=10)
    path.write_text("ffconcat version 1.0\nfile sibling.mp4\n")


def _playlist(path: Path) -> None:
    path.write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\nfile:///etc/passwd\n"
        "#EXT-X-ENDLIST\n"
    )


def _drawing(path: Path) -> None:
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>\n')


def _photo_cut(path: Path) -> None:
    coded_photo(path, IDS[path.name], quality=92)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


# --- sound ----------------------------------------------------------------------------------


def _film_without_sound(path: Path) -> None:
    coded_clip(path, 0, frames=60)


def _shorter_than_a_bar(path: Path) -> None:
    drum_song(path, bpm=120, bars=1, beats_per_bar=2, lead_in_s=0.1, tail_s=0.0)


def _one_sample(path: Path) -> None:
    write_wav(path, np.zeros(1))


def _song_cut(path: Path) -> None:
    whole = drum_song(path.with_suffix(".whole.mp3"), bars=8)
    data = whole.path.read_bytes()
    whole.path.unlink()
    path.write_bytes(data[: len(data) * 2 // 5])


# --- clips ----------------------------------------------------------------------------------


def _clip(**how: object) -> Maker:
    return lambda path: coded_clip(path, IDS[path.name], **how)  # type: ignore[arg-type]


def _turned(path: Path) -> None:
    """A phone held upright: stored lying on its side, with a matrix that turns it by 90°."""
    lying = path.with_suffix(".lying.mp4")
    coded_clip(lying, IDS[path.name], size=(360, 640), filters="transpose=cclock")
    # FFmpeg 5.1 writes rotate=270 as the matrix that a phone writes: turn it clockwise by 90°.
    ffmpeg("-i", lying, "-c", "copy", "-metadata:s:v:0", "rotate=270", path)
    lying.unlink()


def _upside_down(path: Path) -> None:
    """A phone held the wrong way round."""
    lying = path.with_suffix(".lying.mp4")
    coded_clip(lying, IDS[path.name], filters="hflip,vflip")
    ffmpeg("-i", lying, "-c", "copy", "-metadata:s:v:0", "rotate=180", path)
    lying.unlink()


def _trimmed(path: Path) -> None:
    """Cut in a gallery without coding it anew: an edit list hides what comes before."""
    whole = path.with_suffix(".whole.mp4")
    coded_clip(whole, IDS[path.name], frames=90, options=("-bf", "3"))
    ffmpeg("-ss", "0.77", "-i", whole, "-c", "copy", path)
    whole.unlink()


def _two_pictures(path: Path) -> None:
    """A second picture track, as of a dual camera; the first one is the clip."""
    first = coded_clip(path.with_suffix(".1.mp4"), IDS[path.name])
    ffmpeg("-i", first, "-f", "lavfi", "-i", "smptebars=s=320x180:r=30:d=2", "-map", "0:v",
           "-map", "1:v", "-c:v:0", "copy", "-c:v:1", "libx264", path)  # fmt: skip
    first.unlink()


def _see_through_grey(path: Path) -> None:
    grey = coded_image(IDS[path.name]).convert("LA")
    grey.paste((0, 90), (0, 0, 40, 40))
    grey.save(path)


def _late(path: Path) -> None:
    """The picture begins 1.5 s after the sound."""
    clip = path.with_suffix(".clip.mp4")
    coded_clip(clip, IDS[path.name], has_sound=True)
    offset = ("-itsoffset", "1.5", "-i", clip, "-i", clip)
    ffmpeg(*offset, "-map", "0:v", "-map", "1:a", "-c", "copy", path)
    clip.unlink()


# --- photos ---------------------------------------------------------------------------------


def _photo(**save: object) -> Maker:
    return lambda path: coded_photo(path, IDS[path.name], **save)  # type: ignore[arg-type]


def _in_mode(mode: str) -> Maker:
    return lambda path: coded_image(IDS[path.name]).convert(mode).save(path)


def _oriented(orientation: int) -> Maker:
    def store(path: Path) -> None:
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = orientation
        lying = coded_image(IDS[path.name], (360, 640)).transpose(ORIENTED[orientation])
        lying.save(path, exif=exif, quality=92)

    return store


def _deep(path: Path) -> None:
    grey = np.asarray(coded_image(IDS[path.name]).convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(path)


def _deep_colour(path: Path) -> None:
    still = coded_photo(path.with_suffix(".8.png"), IDS[path.name])
    ffmpeg("-i", still, "-pix_fmt", "rgb48be", path)
    still.unlink()


def _see_through(path: Path) -> None:
    """A palette with an alpha of its own: the corner is transparent."""
    image = coded_image(IDS[path.name]).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 40, 40))
    image.quantize(64).save(path)


def _moving(path: Path) -> None:
    first = coded_image(IDS[path.name])
    others = [coded_image(clip_id) for clip_id in MOVING_ON]
    first.save(path, save_all=True, append_images=others, duration=200, loop=0)


def _with_extras(path: Path) -> None:
    """A phone's photo, with a small second picture behind it (a depth or gain map) as MPO."""
    extra = coded_image(MOVING_ON[0], (160, 90))
    coded_image(IDS[path.name]).save(path, "MPO", save_all=True, append_images=[extra])


def _sliver(width: int, height: int) -> Maker:
    return lambda path: Image.new("RGB", (width, height), (200, 120, 40)).save(path)


def _heic(path: Path) -> None:
    pillow_heif.from_pillow(coded_image(IDS[path.name])).save(path, quality=90)


def _bomb(path: Path) -> None:
    """A black PNG of 900 million pixels in about a hundred kilobytes."""
    side = 30_000
    row = zlib.compressobj(9)
    pixels = b"".join(row.compress(b"\0" * (1 + side // 8)) for _ in range(side)) + row.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks))


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ODDITIES: dict[str, Maker] = {
    "text.mp4": _text,
    "text.jpg": _text,
    "text.mp3": _text,
    "empty.mp4": _empty,
    "empty.jpg": _empty,
    "empty.mp3": _empty,
    "cut_with_index.mp4": _cut_with_index,
    "cut_without_index.mp4": _cut_without_index,
    "flipped_bits.mp4": _flipped_bits,
    "damaged.mp4": _damaged,
    "concat_script.mp4": _concat_script,
    "playlist.mp4": _playlist,
    "drawing.jpg": _drawing,
    "photo_cut.jpg": _photo_cut,
    "film_without_sound.mp4": _film_without_sound,
    "shorter_than_a_bar.wav": _shorter_than_a_bar,
    "one_sample.wav": _one_sample,
    "song_cut.mp3": _song_cut,
    "one_frame.mp4": _clip(frames=1),
    "quarter_second.mp4": _clip(frames=15, fps="60"),
    "vfr.mp4": _clip(
        frames=120, filters="select='not(mod(n\\,7)*eq(mod(n\\,3)\\,1))'", options=("-vsync", "vfr")
    ),
    "turned.mp4": _turned,
    "upside_down.mp4": _upside_down,
    "trimmed.mp4": _trimmed,
    "two_pictures.mov": _two_pictures,
    "fragmented.mp4": _clip(options=("-movflags", "frag_keyframe+empty_moov", "-g", "15")),
    "deep.webm": _clip(frames=30, options=("-pix_fmt", "yuv420p10le")),
    "see_through_grey.png": _see_through_grey,
    "anamorphic.mp4": _clip(filters="scale=320:360"),
    "odd_444.mp4": _clip(filters="crop=641:359,format=yuv444p", size=(644, 360)),
    "late.mkv": _late,
    "transport.ts": _clip(encoder=ENCODERS[".mp4"], options=("-output_ts_offset", "3")),
    "full_range.mp4": _clip(filters="scale=out_range=pc", options=("-color_range", "pc")),
    "interlaced.mp4": _clip(options=("-flags", "+ilme+ildct", "-top", "1")),
    "ntsc.mp4": _clip(fps="24000/1001"),
    "fast.mp4": _clip(frames=240, fps="120"),
    "upright.mp4": _clip(size=(360, 640)),
    "one_gop.mp4": _clip(frames=300, options=("-g", "9999", "-sc_threshold", "0")),
    "vp9.webm": _clip(frames=30),
    "mpeg4.avi": _clip(frames=60),
    "ten_bit.mp4": _clip(encoder=(*ENCODERS[".mp4"], "-pix_fmt", "yuv420p10le")),
    "photo.jpg": _photo(quality=92),
    "photo.png": _photo(),
    "photo.webp": _photo(quality=92),
    "photo.heic": _heic,
    "grey.jpg": _in_mode("L"),
    "cmyk.jpg": _in_mode("CMYK"),
    "deep_grey.png": _deep,
    "deep_colour.png": _deep_colour,
    "see_through.png": _see_through,
    "animated.gif": _moving,
    "animated.webp": _moving,
    "animated.png": _moving,
    "extras.jpg": _with_extras,
    "one_pixel.png": _sliver(1, 1),
    "wide_sliver.png": _sliver(5000, 1),
    "high_sliver.png": _sliver(1, 5000),
    "bomb.png": _bomb,
    **{f"exif_{value}.jpg": _oriented(value) for value in ORIENTED},
}

IDS = {name: 100 + number for number, name in enumerate(ODDITIES)}
"""The clip id of each coded oddity."""
MOVING_ON = (254, 255)
"""The ids of an animated picture's further frames."""
