"""`KINDS`, the one table of all kinds of job: what each may take, and which room does it.

Imports no room. Not a part of the package's own head, for with `Kind` comes the whole queue and its
database, which the command line, working in the same rooms, has no use for: half a second of CPU.
"""

from collections.abc import Mapping

from beatstitch.limits import MAX_RENDERS_PER_USER
from beatstitch.queue.kind import GIB, Kind

_ROWS = (
    Kind(
        "media_processing",
        room="beatstitch.jobs.media_processing",
        band="interactive",
        lane="light",
        timeout_s=60,
        per_media_s=4,  # a clip that came short in a film is decoded to its end
        max_attempts=2,
    ),
    Kind(
        "proxy",
        room="beatstitch.jobs.proxy",
        band="batch",
        lane="heavy",
        timeout_s=120,
        per_media_s=4,
        max_attempts=2,
    ),
    Kind(
        "beat_analysis",
        room="beatstitch.jobs.beat_analysis",
        band="interactive",
        lane="heavy",
        timeout_s=300,
        per_media_s=1,
        free_media_s=600,
        stall_s=240,  # when the networks have spoken, a long song's beats are sought in silence
        memory_bytes=3 * GIB,
        max_attempts=2,
    ),
    Kind(
        "timeline_build",
        room="beatstitch.jobs.timeline_build",
        band="interactive",
        lane="light",
        timeout_s=60,
        memory_bytes=1 * GIB,
        max_attempts=2,
    ),
    Kind(
        "render_preview",
        room="beatstitch.jobs.render_film",
        band="interactive",
        lane="light",
        timeout_s=600,
        max_attempts=2,
        per_user=MAX_RENDERS_PER_USER,
    ),
    Kind(
        "render_final",
        room="beatstitch.jobs.render_film",
        band="batch",
        lane="light",
        timeout_s=1800,
        per_media_s=4,
        free_media_s=300,
        max_attempts=2,
        per_user=MAX_RENDERS_PER_USER,
    ),
    Kind(
        "mezzanine",
        room="beatstitch.jobs.mezzanine",
        band="batch",
        lane="heavy",
        timeout_s=120,
        per_media_s=4,
        max_attempts=2,
    ),
    Kind(
        "render_chunk",
        room="beatstitch.jobs.render_chunk",
        band="batch",
        lane="heavy",
        timeout_s=120,
        per_media_s=20,
        memory_bytes=3 * GIB,
        max_attempts=3,
    ),
    Kind(
        "render_audio",
        room="beatstitch.jobs.render_audio",
        band="batch",
        lane="heavy",
        timeout_s=120,
        per_media_s=20,
        stall_s=240,  # the loudness of an hour and a half of song is measured without a word
        max_attempts=3,
    ),
    Kind(
        "maintenance",
        room="beatstitch.jobs.maintenance",
        band="batch",
        lane="light",
        timeout_s=600,
        stall_s=600,
        memory_bytes=GIB // 2,
        max_attempts=1,
        every_s=3600,
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ROWS}
