"""What is measured for Prometheus: requests as they come, and the queue as its tables stand."""

import shutil
from collections import Counter as Counted
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from beatstitch.db import job_figures, usage
from beatstitch.db.base import utc_now
from beatstitch.db.jobs import LIVE, Status
from beatstitch.jobs.kinds import KINDS
from beatstitch.queue import presence
from beatstitch.settings import settings

BUCKETS_S = (0.005, 0.015, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_RENDERS = {"render_preview": "preview", "render_final": "final"}
_OF_FFMPEG = frozenset({"media_processing", "proxy", "mezzanine", "render_chunk", "render_audio"})
"""Kinds that do little but wait for FFmpeg; bubblewrap hides what CPU its children took."""


class Measures:
    """The measurements of one web process; the queue's are the same whoever is asked."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total",
            "Requests answered.",
            ["method", "endpoint", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time to the answer.",
            ["method", "endpoint"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_Queue())

    def count(self, method: str, endpoint: str | None, status: int, seconds: float) -> None:
        """One request; an address that is none is counted without its name."""
        # Only names that are ours: whoever calls must not be able to make up a new series.
        name = endpoint or "none"
        method = method if method in _METHODS else "other"
        self._requests.labels(method, name, status).inc()
        self._seconds.labels(method, name).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)


class _Queue(Collector):
    """What the jobs table says, read when somebody asks."""

    def collect(
        self,
    ) -> Iterator[CounterMetricFamily | GaugeMetricFamily | SummaryMetricFamily]:
        ended = CounterMetricFamily("jobs", "Jobs that have ended.", labels=["kind", "status"])
        renders = CounterMetricFamily(
            "render_jobs", "Renders that have ended.", labels=["type", "status"]
        )
        seconds = SummaryMetricFamily(
            "render_duration_seconds", "From first start to the end of a render.", labels=["type"]
        )
        durations = SummaryMetricFamily(
            "job_duration_seconds", "From first start to the end of a job.", labels=["kind"]
        )
        ffmpeg = CounterMetricFamily(
            "ffmpeg_seconds", "Seconds of jobs that are FFmpeg's work.", labels=["kind"]
        )
        for total in job_figures.totals():
            ended.add_metric([total.kind, total.status], total.count)
            if total.kind in _RENDERS:
                renders.add_metric([_RENDERS[total.kind], total.status], total.count)
                if total.status == "complete":
                    seconds.add_metric([_RENDERS[total.kind]], total.count, total.seconds)
            if total.status == "complete":
                durations.add_metric([total.kind], total.count, total.seconds)
                if total.kind in _OF_FFMPEG:
                    ffmpeg.add_metric([total.kind], total.seconds)
        yield from (ended, renders, seconds, durations, ffmpeg)
        live = GaugeMetricFamily("jobs_live", "Jobs that have not ended.", labels=["status"])
        by_kind = job_figures.live_by_kind()
        for status in LIVE:
            live.add_metric([status], _sum(by_kind.values(), status))
        yield live
        queued = _sum(by_kind.values(), "queued")
        yield GaugeMetricFamily("queue_depth", "Jobs that wait.", value=queued)
        oldest = job_figures.oldest_queued()
        waited_s = (utc_now() - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily(
            "jobs_oldest_queued_seconds", "How long the oldest has waited.", value=max(0, waited_s)
        )
        renders_live = [by_kind.get(kind, {}) for kind in _RENDERS]
        under_way = _sum(renders_live, "running") + _sum(renders_live, "waiting")
        yield GaugeMetricFamily("active_render_jobs", "Renders under way.", value=under_way)
        yield GaugeMetricFamily("workers", "Workers alive here.", value=len(presence.living()))
        yield _tools()
        yield from _slots(by_kind)
        yield from _storage()


def _tools() -> GaugeMetricFamily:
    """Workers by what they have: chunks of two FFmpegs don't join, so all should be the same."""
    family = GaugeMetricFamily(
        "worker_tools", "Workers alive here, by their tools.", labels=["ffmpeg", "sandbox"]
    )
    known = Counted((tools.ffmpeg or "none", tools.sandbox or "none") for tools in presence.tools())
    for labels, count in known.items():
        family.add_metric(labels, count)
    return family


def _sum(counts: Iterable[Mapping[Status, int]], status: Status) -> int:
    return sum(each.get(status, 0) for each in counts)


def _slots(live: Mapping[str, Mapping[Status, int]]) -> Iterator[GaugeMetricFamily]:
    """How much of what the workers can do at once they do: 1 is all of it."""
    tools = presence.tools()
    slots = {
        "light": sum(worker.light_slots for worker in tools),
        "heavy": sum(worker.heavy_slots for worker in tools),
    }
    busy = dict.fromkeys(slots, 0)
    for name, counts in live.items():
        if (kind := KINDS.get(name)) is not None:  # a newer worker's may be unknown here
            busy[kind.lane] += counts.get("running", 0)
    there = GaugeMetricFamily("worker_slots", "Jobs that can run at once here.", labels=["lane"])
    used = GaugeMetricFamily(
        "worker_utilisation", "Running jobs by slots of the workers here.", labels=["lane"]
    )
    for lane, count in slots.items():
        there.add_metric([lane], count)
        used.add_metric([lane], busy[lane] / count if count else 0)
    yield from (there, used)


def _storage() -> Iterator[GaugeMetricFamily]:
    family = GaugeMetricFamily(
        "storage_bytes", "Uploads and films, and what can be made again.", labels=["what"]
    )
    for what, size in zip(("users", "cache"), usage.stored_bytes(), strict=True):
        family.add_metric([what], size)
    yield family
    free = shutil.disk_usage(settings().storage_path).free
    yield GaugeMetricFamily("storage_free_bytes", "Free on the data disk.", value=free)
