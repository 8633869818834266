"""What a file is when it isn't media that is taken: a sentence for each thing people try.

Knows how strangers begin. Some are honest mistakes, some are attacks: a playlist or a script named
.mp4 makes FFmpeg read other people's files, a drawing starts Ghostscript or librsvg.
"""

import re

_PLAYLIST = "is a playlist, not a film or a song: it only names other files. Use those files."
_TEXT_KINDS = (
    (rb"#EXTM3U|\[playlist\]|<asx|<smil|<\?wpl|<playlist", "playlist", _PLAYLIST),
    (rb"<MPD[\s>]|<SmoothStreamingMedia", "playlist", _PLAYLIST),
    (rb"ffconcat version", "playlist", _PLAYLIST),
    (rb"<svg[\s>]|<!DOCTYPE svg", "drawing", "is an SVG drawing. Save it as PNG and try again."),
    (rb"%!PS", "drawing", "is a PostScript drawing. Save it as PNG and try again."),
    (rb"%PDF", "document", "is a PDF document, not a photo, a video or a song."),
    (rb"<!DOCTYPE html|<html", "web_page", "is a web page, not the file it may show."),
    (rb"WEBVTT|\[Script Info\]|1\r?\n\d\d:\d\d:\d\d,", "subtitles", "is a file of subtitles."),
)
_CAMERA_RAW = "is a raw photo of a camera. Save it as JPEG and try again."
_TRACKER = "is tracker or chip music, which is not taken. Save it as WAV or MP3 and try again."
_WINDOWS = "is Windows Media, which is not taken. Convert it to MP4 or MP3 and try again."
_ARCHIVE = "is an archive. Unpack it and use the files in it."
_BINARY_KINDS = (
    (0, b"%PDF", "document", "is a PDF document, not a photo, a video or a song."),
    (0, b"\xc5\xd0\xd3\xc6", "drawing", "is a PostScript drawing. Save it as PNG and try again."),
    (0, b"8BPS", "unsupported_photo", "is a Photoshop file. Save it as JPEG or PNG and try again."),
    (0, b"BM", "unsupported_photo", "is a BMP picture. Save it as JPEG or PNG and try again."),
    (0, b"II*\0", "unsupported_photo", "is a TIFF or raw photo. Save it as JPEG and try again."),
    (0, b"MM\0*", "unsupported_photo", "is a TIFF or raw photo. Save it as JPEG and try again."),
    (0, b"\0\0\0\x0cJXL ", "unsupported_photo", "is a JPEG XL photo. Save it as JPEG."),
    (0, b"\0\0\0\x0cjP  ", "unsupported_photo", "is a JPEG 2000 photo. Save it as JPEG."),
    (0, b"FUJIFILMCCD-RAW", "unsupported_photo", _CAMERA_RAW),
    (8, b"crx ", "unsupported_photo", _CAMERA_RAW),
    (8, b"aax ", "locked", "is locked by the shop that sold it and can't be used."),
    (8, b"M4P ", "locked", "is locked by the shop that sold it and can't be used."),
    (8, b"M4VP", "locked", "is locked by the shop that sold it and can't be used."),
    (0, b"0&\xb2u\x8ef\xcf\x11", "unsupported_media", _WINDOWS),
    (0, b"FLV\x01", "unsupported_media", "is Flash video, which is not taken. Convert it to MP4."),
    (0, b".RMF", "unsupported_media", "is RealMedia, which is not taken. Convert it to MP4."),
    (0, b"caff", "unsupported_media", "is a CAF recording. Save it as M4A or WAV and try again."),
    (0, b"#!AMR", "unsupported_media", "is an AMR recording. Save it as M4A or WAV and try again."),
    (0, b"MThd", "unsupported_media", "is a MIDI file: notes, but no sound. Save it as WAV."),
    (0, b"Extended Module: ", "tracker_music", _TRACKER),
    (0, b"IMPM", "tracker_music", _TRACKER),
    (44, b"SCRM", "tracker_music", _TRACKER),
    (1080, b"M.K.", "tracker_music", _TRACKER),
    (1080, b"M!K!", "tracker_music", _TRACKER),
    (1080, b"FLT4", "tracker_music", _TRACKER),
    (1080, b"6CHN", "tracker_music", _TRACKER),
    (1080, b"8CHN", "tracker_music", _TRACKER),
    (0, b"NESM\x1a", "tracker_music", _TRACKER),
    (0, b"SNES-SPC700", "tracker_music", _TRACKER),
    (0, b"PSID", "tracker_music", _TRACKER),
    (0, b"RSID", "tracker_music", _TRACKER),
    (0, b"GBS\x01", "tracker_music", _TRACKER),
    (0, b"Vgm ", "tracker_music", _TRACKER),
    (0, b"PK\x03\x04", "archive", _ARCHIVE),
    (0, b"\x1f\x8b", "archive", _ARCHIVE),
    (0, b"Rar!", "archive", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", "archive", _ARCHIVE),
    (257, b"ustar", "archive", _ARCHIVE),
    (0, b"\x7fELF", "program", "is a program."),
    (0, b"MZ", "program", "is a program."),
)
_TAKEN = (
    "Photos may be JPEG, PNG, GIF, WebP or HEIC; videos MP4, MOV, MKV, WebM, AVI or MPEG; "
    "songs MP3, M4A, AAC, FLAC, OGG, WAV or AIFF."
)


def refusal(head: bytes, name: str) -> tuple[str, str]:
    """The code and the sentence for a file that begins with `head` and isn't taken."""
    for at, signature, code, sentence in _BINARY_KINDS:
        if head.startswith(signature, at):
            return code, f"{name} {sentence}"
    if not head.strip(b"\0"):
        return "blank_file", f"{name} has nothing but zeros in it: a copy may have broken off."
    text = _as_text(head)
    if text is None:
        return "unknown_format", f"{name} is in a format that is not known here. {_TAKEN}"
    for pattern, code, sentence in _TEXT_KINDS:
        if re.search(pattern, text[:4096], re.IGNORECASE):
            return code, f"{name} {sentence}"
    return "text_file", f"{name} is a text file, not a photo, a video or a song."


def _as_text(head: bytes) -> bytes | None:
    """The head as UTF-8, if it is text: no control characters but tab, line ends and escape."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head):
        return None
    return head
