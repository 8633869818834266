"""The rows around a proxy: which medium, and what was made of it."""

from contextlib import suppress
from dataclasses import asdict, replace

from pydantic import TypeAdapter

from beatstitch.db import base, media
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.errors import NotFound
from beatstitch.jobs.proxy.args import Args, Made, Ticket
from beatstitch.storage.configured import configured

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> Ticket:
    """The medium. Raises NotFound once it is deleted, Invalid when it is not ready."""
    args = read(_ARGS, job.args, "bad_job_args")
    asset = media.by_id(args.media_asset_id)
    ticket = Ticket(media.source(asset), f"derived/{asset.project_id}/proxies")
    if not args.is_doubted or asset.proxy is None:
        return ticket
    proxy = media.small_source(asset)
    with suppress(NotFound):  # it is gone, and is made anew
        # Before it is read: one that is changed meanwhile has another one afterwards.
        return replace(ticket, doubted=proxy, stamp=configured().stamp(proxy.key))
    return ticket


def settle(job: Job, ticket: Ticket, result: Made | None) -> dict[str, object]:
    """Previews use the proxy from now on."""
    if result is None:
        media.set_columns(ticket.source.id, proxy_stamp=ticket.stamp)
        return {"media_asset_id": ticket.source.id, "file_size": 0}
    proxy = result.proxy
    # As it is now, for the clip may have been measured anew meanwhile.
    source = media.source(media.by_id(ticket.source.id))
    media.set_columns(
        source.id,
        probe=media.probe_column(replace(source, damaged_ms=result.damaged_ms)),
        looks=asdict(result.looks),
        proxy=media.probe_column(proxy) if proxy else None,
        proxy_key=proxy.key if proxy else None,
        proxy_stamp=configured().stamp(proxy.key) if proxy else None,
        proxy_used_at=base.utc_now(),
        filmstrip_key=result.filmstrip_key,
    )
    return {"media_asset_id": ticket.source.id, "file_size": result.proxy_bytes}
