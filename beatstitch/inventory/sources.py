"""Whether the files that films are made of are still those that were found to be sound.

Told from outside, by the storage's stamp, for reading gigabytes before each film would cost more
than it is worth; what has another stamp is for somebody else to read.
"""

from collections.abc import Mapping

from beatstitch.db import audio, chunks
from beatstitch.db.audio import AudioTrack
from beatstitch.db.media import MediaAsset
from beatstitch.errors import Conflict, NotFound
from beatstitch.storage.configured import configured


def doubtful(shown: Mapping[str, str]) -> dict[str, MediaAsset]:
    """Those of the files, by key with the id of their photo or clip, that are gone or have been
    written to. Of deleted media nobody can tell, and of what was stored before stamps were kept
    only whether it is there."""
    rows = MediaAsset.select().where(MediaAsset.id.in_(list(shown.values())))
    assets = {row.id: row for row in rows}
    whose = {key: assets[asset_id] for key, asset_id in shown.items() if asset_id in assets}
    parts = chunks.stamps(key for key, asset in whose.items() if _is_part(key, asset))
    return {
        key: asset
        for key, asset in whose.items()
        if not _is_as_found(key, _stamp(key, asset, parts))
    }


def unstamped(shown: Mapping[str, str]) -> dict[str, MediaAsset]:
    """Those of the files that are what was uploaded, or a working copy of it, and were taken in
    before stamps were kept."""
    assets = MediaAsset.select().where(
        MediaAsset.id.in_(list(shown.values())) & MediaAsset.stamp.is_null()
    )
    return {
        key: asset
        for asset in assets
        for key in (asset.working_key or asset.original_key,)
        if key in shown
    }


def is_song_doubtful(track: AudioTrack) -> bool:
    """Whether the song's PCM is gone, has been written to, or is from before its stamp was kept."""
    try:
        return track.pcm_key is None or track.pcm_stamp != configured().stamp(track.pcm_key)
    except NotFound:
        return True


def require_same_song(project_id: str) -> None:
    """Raise Conflict when the song's PCM is doubtful, or there is none any more."""
    track = audio.of_project(project_id)
    if track is None or is_song_doubtful(track):
        raise Conflict(
            "source_changed",
            "The song was changed or removed while the film was being made. Render it again.",
        )


def require_unchanged(shown: Mapping[str, str]) -> None:
    """Raise Conflict when one of the files is doubtful: what is made of it may be of something
    else than its name says."""
    for asset in doubtful(shown).values():
        raise Conflict(
            "source_changed",
            f"{asset.filename} was changed or removed while the film was being made. "
            "Render it again.",
        )


def _is_part(key: str, asset: MediaAsset) -> bool:
    return key not in (asset.original_key, asset.working_key, asset.proxy_key)


def _stamp(key: str, asset: MediaAsset, parts: Mapping[str, str | None]) -> str | None:
    if _is_part(key, asset):
        return parts.get(key)
    return asset.proxy_stamp if key == asset.proxy_key else asset.stamp


def _is_as_found(key: str, found: str | None) -> bool:
    try:
        stamp = configured().stamp(key)
    except NotFound:
        return False
    return found in (None, stamp)
