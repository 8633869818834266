"""Whether the files that films are made of are still those that were found to be sound.

Told from outside, by the storage's stamp, for reading gigabytes before each film would cost more
than it is worth; what has another stamp is for somebody else to read.
"""

from collections.abc import Mapping

from beatstitch.db.media import MediaAsset
from beatstitch.errors import Conflict, NotFound
from beatstitch.storage.configured import configured


def doubtful(shown: Mapping[str, str]) -> dict[str, MediaAsset]:
    """Those of the files, by key with the id of their photo or clip, that are gone or have been
    written to. Of deleted media nobody can tell, and of proxies and mezzanines only whether
    they are there."""
    rows = MediaAsset.select().where(MediaAsset.id.in_(list(shown.values())))
    assets = {row.id: row for row in rows}
    return {
        key: assets[asset_id]
        for key, asset_id in shown.items()
        if asset_id in assets and not _is_as_found(key, assets[asset_id])
    }


def require_unchanged(shown: Mapping[str, str]) -> None:
    """Raise Conflict when one of the files is doubtful: what is made of it may be of something
    else than its name says."""
    for asset in doubtful(shown).values():
        raise Conflict(
            "source_changed",
            f"{asset.filename} was changed or removed while the film was being made. "
            "Render it again.",
        )


def _is_as_found(key: str, asset: MediaAsset) -> bool:
    try:
        stamp = configured().stamp(key)
    except NotFound:
        return False
    is_ours = key not in (asset.original_key, asset.working_key)
    return is_ours or asset.stamp in (None, stamp)
