"""A file that was read before is recognised by its entry in the folder: its SHA-256 was noted then.

An entry says that the content is the same only if its times were over when it was read: what is
written in the same tick of the clock leaves them as they are (git calls such an entry racily
clean). So nothing is noted of a file that was touched just before it was read. And the time of
change (ctime) counts, which can't be set back as the time of modification can.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from beatstitch.cli.gather import Given, given, stamp_of
from beatstitch.cli.workbench import Workbench
from beatstitch.documents import digest

# FAT tells times in steps of two seconds, and the clock of a server of files may be a little off.
SETTLED_NS = 5_000_000_000


def recognised(path: Path, bench: Workbench, clock_ns: Callable[[], int] = time.time_ns) -> Given:
    """The file and its hash, which is taken anew only if its entry isn't as it was. Raises what
    `given` does."""
    began_ns = clock_ns()
    try:
        facts = path.stat()
    except OSError:
        return given(path)
    place = os.fsencode(path.absolute()).hex()  # a name may be of bytes that are no text
    key = f"seen/{digest([place, *stamp_of(facts), facts.st_ctime_ns])}"
    noted = bench.hold(key)
    if noted is not None:
        return Given(path, noted.read_text(), stamp_of(facts))
    file = given(path)
    is_settled = began_ns - max(facts.st_mtime_ns, facts.st_ctime_ns) > SETTLED_NS
    with suppress(FileNotFoundError):  # gone since it was read, as whoever works with it will say
        if is_settled and path.stat().st_ctime_ns == facts.st_ctime_ns:
            bench.keep_bytes(file.sha256.encode(), key)
    return file
