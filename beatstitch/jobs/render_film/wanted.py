"""What a project's film is made of now: its EDL, its song and its media become one order. Who makes
it, and what of it is there already, is nobody's business here."""

from dataclasses import replace

from beatstitch.db import audio, media, timelines
from beatstitch.db.audio import AudioTrack
from beatstitch.errors import PreconditionFailed
from beatstitch.jobs.render_film.args import Args, Origin, Origins
from beatstitch.render import profile
from beatstitch.render.order import FilmOrder, order
from beatstitch.storage.configured import configured
from beatstitch.timeline.check import check
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Edl, loads


def film_order(args: Args, fingerprint: str) -> FilmOrder:
    """Everything to be made for the film, by the FFmpeg of this fingerprint.

    Raises PreconditionFailed when the song is gone, Invalid when media are, and NotFound for an
    EDL that isn't kept.
    """
    track, pcm_key = _song(args)
    edl = _edl(args)
    if edl.audio.checksum != f"sha256:{track.checksum}":
        raise PreconditionFailed(
            "precondition_failed", "The song was replaced since the timeline was made."
        )
    assets = {a.id: a for a in media.of_project(args.project_id) if a.probe is not None}
    check(edl, {a.id: Medium(a.id, a.media_type, a.duration_ms) for a in assets.values()})
    shown = {segment.media_asset_id for segment in edl.segments}
    is_preview = args.job_type == "preview"
    make = profile.preview if is_preview else profile.final
    meet = media.small_source if is_preview else media.source
    return order(
        edl,
        # Where a clip's keyframes are is for the builder; every chunk's row would carry it.
        {asset_id: replace(meet(assets[asset_id]), keyframes_ms=()) for asset_id in shown},
        make(edl.settings, args.target),
        fingerprint=fingerprint,
        pcm_key=pcm_key,
        prefix=f"derived/{args.project_id}",
    )


def origins_of(args: Args, key: str) -> Origins:
    """What the project's film of this timeline comes from, to be kept under `key`.

    Raises PreconditionFailed when the song is gone.
    """
    track, _ = _song(args)
    timeline = timelines.with_hash(args.project_id, args.edl_hash)
    grid = timeline and audio.grid_with(track.id, timeline.grid_checksum)
    shown = {segment.media_asset_id for segment in _edl(args).segments}
    return Origins(
        key=key,
        edl_key=timelines.edl_key(args.project_id, args.edl_hash),
        grid_key=grid.storage_key if grid else None,
        song=Origin(track.id, track.filename, track.checksum),
        media=tuple(
            Origin(asset.id, asset.filename, asset.checksum)
            for asset in media.of_project(args.project_id)
            if asset.id in shown
        ),
        target=args.target,
    )


def _song(args: Args) -> tuple[AudioTrack, str]:
    """The project's song and the key of its PCM."""
    track = audio.of_project(args.project_id)
    if track is None or track.pcm_key is None:
        raise PreconditionFailed("precondition_failed", "The project has no song to render to.")
    return track, track.pcm_key


def _edl(args: Args) -> Edl:
    # By its hash and not by a version's row: one that was undone meanwhile is rendered to its end.
    with configured().open(timelines.edl_key(args.project_id, args.edl_hash)) as file:
        return loads(file.read())
