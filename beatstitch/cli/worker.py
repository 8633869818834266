"""`beatstitch worker`: the daemon that does the jobs."""

import logging

import click

from beatstitch import logs
from beatstitch.cli import premises
from beatstitch.errors import Invalid, Unavailable
from beatstitch.ffmpeg.fingerprint import fingerprint
from beatstitch.jobs.kinds import KINDS
from beatstitch.process import sandbox
from beatstitch.queue import Kind
from beatstitch.queue.presence import Tools
from beatstitch.settings import settings
from beatstitch.storage.configured import configured
from beatstitch.worker.attempt import Ground
from beatstitch.worker.loop import Worker

SCRATCH = "attempts"

log = logging.getLogger(__name__)


@click.command()
@click.option("--slots", type=click.IntRange(1, 256), help="Heavy jobs at once (encoding, beats).")
@click.option("--light", type=click.IntRange(1, 64), help="Light jobs at once (probing, joins).")
@click.option("--kinds", help="Only these kinds of jobs, separated by commas.")
def worker(slots: int | None, light: int | None, kinds: str | None) -> None:
    """Do jobs until told to stop (SIGTERM or Ctrl-C; twice gives back at once what is in hand)."""
    now = settings()
    logs.start(now.log_level)
    premises.connected()
    ground = Ground(
        storage=configured(),
        scratch=now.storage_path / SCRATCH,
        kinds=_chosen(kinds),
        time_factor=now.job_time_factor,
        is_confined=now.sandbox != "off",
    )
    light_slots, heavy_slots = light or now.light_slots, slots or now.heavy_slots
    Worker(
        ground,
        {"light": light_slots, "heavy": heavy_slots},
        grace_s=now.worker_grace_s,
        log_level=now.log_level,
        tools=Tools(sandbox(), _ffmpeg(), light_slots, heavy_slots),
    ).run()


def _ffmpeg() -> str | None:
    """Which FFmpeg this worker has. Without one it still does what needs none, and says so."""
    try:
        return fingerprint()
    except Unavailable as missing:
        log.warning("%s", missing.message)
        return None


def _chosen(names: str | None) -> dict[str, Kind]:
    if names is None:
        return dict(KINDS)
    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in KINDS]
    if unknown:
        raise Invalid(
            "unknown_kind", f"There is no kind {unknown[0]!r}. Known are: {', '.join(KINDS)}."
        )
    return {name: KINDS[name] for name in wanted}
