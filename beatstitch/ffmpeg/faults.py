"""What FFmpeg's last words mean, as codes of ours.

FFmpeg says why in sentences full of paths and its exit code says next to nothing: a full disk can
end with 0. So the words are matched here, once, and never shown to a user.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from beatstitch.errors import InsufficientStorage, MediaRejected, Unavailable
from beatstitch.ffmpeg.decoders import MAX_STREAMS
from beatstitch.process import Finished


class FFmpegFailed(MediaRejected):
    """FFmpeg gave up on a file. `tail` is what it said, for the log, with the paths taken out."""

    def __init__(self, code: str, message: str, tail: str) -> None:
        super().__init__(code, message)
        self.tail = tail


CAUGHT_A_SIGNAL = 255
"""FFmpeg's exit code after SIGXCPU, which it catches to end in an orderly way (ffmpeg.c)."""
_FULL = re.compile(r"No space left on device|Disk quota exceeded")
_TOO_MANY_PIXELS = re.compile(r"exceeds specified max pixel count")
_REASONS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"exceeds max_streams"),
        "too_many_streams",
        f"has more than {MAX_STREAMS} tracks in it.",
    ),
    (
        re.compile(r"Cannot allocate memory|failed to map segment|bad_alloc|malloc of size"),
        "out_of_memory",
        "needs more memory than it may take.",
    ),
    (
        _TOO_MANY_PIXELS,
        "too_many_pixels",
        "has larger pictures than are taken.",
    ),
    (
        re.compile(r"Permission denied"),
        "not_permitted",
        "can't be read: its permissions are for somebody else.",
    ),
    (
        re.compile(r"matches no streams|does not contain any stream|Output file #\d+ is empty"),
        "no_such_stream",
        "doesn't have the picture or the sound that is needed.",
    ),
    (
        re.compile(
            r"Invalid data found|moov atom not found|[Ee]rror while decoding|End of file|"
            r"ended prematurely|Cannot determine format|Could not seek|Not yet implemented"
        ),
        "corrupt_media",
        "is damaged or incomplete and can't be decoded.",
    ),
)
_REFUSED = re.compile(r"Codec \((\w+)\) not on whitelist")
_LIST = re.compile(r"'[^']{100,}'")
_PATH = re.compile(r"(?:file:)?/[^\s/:'\"]+(?:/[^\s:'\"]+)+")


def said(done: Finished, paths: Iterable[Path], name: str) -> str:
    """What FFmpeg said, for the log, with the paths taken out; `name` is for messages.

    Raises InsufficientStorage, Unavailable for an encoder that is not built in, and FFmpegFailed
    with a stable code if it failed.
    """
    tail = _without_paths(done.stderr, paths)
    if _FULL.search(tail):
        raise InsufficientStorage("disk_full", "The disk is full. Free some space and try again.")
    if done.returncode == 0:
        return tail
    if "Unknown encoder" in tail:
        raise Unavailable("encoder_missing", "This FFmpeg is built without a needed encoder.")
    code, sentence = _reason(done.returncode, tail)
    raise FFmpegFailed(code, f"{name} {sentence}", tail)


def has_too_many_pixels(tail: str) -> bool:
    """Whether FFmpeg refused to look at a picture; ffprobe calls that a success."""
    return bool(_TOO_MANY_PIXELS.search(tail))


def _reason(returncode: int, tail: str) -> tuple[str, str]:
    if returncode == CAUGHT_A_SIGNAL:
        return "timeout", "takes more computing time than it may have."
    if returncode < 0:
        return "decoder_crashed", "makes the decoder crash, so it is not used."
    for pattern, code, message in _REASONS:
        if pattern.search(tail):
            return code, message
    # Last, for streams that are not used are refused too, which does no harm. The name is from
    # FFmpeg's own table of decoders.
    refused = _REFUSED.findall(tail)
    if refused:
        sentence = f"is coded with {refused[-1]}, which is not taken. Convert it to MP4 with H.264."
        return "decoder_refused", sentence
    return "ffmpeg_failed", "can't be processed."


def _without_paths(text: str, paths: Iterable[Path]) -> str:
    """Known paths go first, for they may hold spaces; then whatever else looks like one."""
    for path in sorted(map(str, paths), key=len, reverse=True):
        text = text.replace(f"file:{path}", "<file>").replace(path, "<file>")
    # With every refusal FFmpeg repeats the whole white list.
    return _PATH.sub("<file>", _LIST.sub("'…'", text))
