"""The rows around a proxy: which medium, and what was made of it."""

from dataclasses import asdict

from pydantic import TypeAdapter

from beatstitch.db import base, media
from beatstitch.db.jobs import Job
from beatstitch.documents import read
from beatstitch.jobs.proxy.args import Args, Made, Ticket

_ARGS: TypeAdapter[Args] = TypeAdapter(Args)


def prepare(job: Job) -> Ticket:
    """The medium. Raises NotFound once it is deleted, Invalid when it is not ready."""
    asset = media.by_id(read(_ARGS, job.args, "bad_job_args").media_asset_id)
    return Ticket(media.source(asset), f"derived/{asset.project_id}/proxies")


def settle(job: Job, ticket: Ticket, result: Made) -> dict[str, object]:
    """Previews use the proxy from now on."""
    proxy = result.proxy
    media.set_columns(
        ticket.source.id,
        looks=asdict(result.looks),
        proxy=media.probe_column(proxy) if proxy else None,
        proxy_key=proxy.key if proxy else None,
        proxy_used_at=base.utc_now(),
        filmstrip_key=result.filmstrip_key,
    )
    return {"media_asset_id": ticket.source.id, "file_size": result.proxy_bytes}
