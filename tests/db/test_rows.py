"""The questions that rows answer: who owns them, in which order, and how many there may be."""

from datetime import timedelta

import pytest

from beatstitch.db import audio, base, chunks, media, outputs, projects, sessions, timelines, users
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.db.timelines import Timeline
from beatstitch.errors import Conflict, Invalid, LimitReached, NotFound, Stale
from beatstitch.limits import (
    MAX_MEDIA_PER_PROJECT,
    MAX_TIMELINE_VERSIONS,
)


@pytest.fixture(autouse=True)
def _rows(any_database: str) -> None:
    """Every test has a database of its own."""


@pytest.fixture
def project() -> Project:
    return projects.create(users.create("anna", "hash").id, "Trip")


def _asset(project: Project) -> MediaAsset:
    return media.add(
        project.id,
        asset_id=base.new_id(),
        filename="beach.jpg",
        media_type="image",
        file_size=10,
        checksum="0" * 64,
        original_key="uploads/x.jpg",
    )


def _timeline(project: Project, edl_hash: str) -> Timeline:
    return timelines.add(
        project.id,
        edl_hash=edl_hash,
        storage_key=f"derived/{edl_hash}.json",
        segment_count=1,
        total_duration_ms=1000,
        settings_used={},
        grid_checksum="g",
        media_fingerprint="m",
    )


def test_a_name_is_taken_in_every_case() -> None:
    users.create("Anna", "hash")

    with pytest.raises(Conflict):
        users.create("aNNA", "hash")

    assert users.by_name("ANNA") is not None


def test_a_name_that_no_text_can_hold_is_nobodys() -> None:
    assert users.by_name("anna\0") is None


def test_a_new_password_voids_all_tokens() -> None:
    user = users.create("anna", "hash")

    users.set_password(user.id, "other")

    after = users.by_id(user.id)
    assert (after.password_hash, after.token_version) == ("other", user.token_version + 1)


def test_a_token_is_live_until_it_is_revoked_or_expires() -> None:
    user, now = users.create("anna", "hash"), base.utc_now()
    for jti in ("revoked", "expired", "live"):
        late = -1 if jti == "expired" else 60
        sessions.start(jti, user.id, now + timedelta(seconds=late))

    sessions.revoke("revoked", now)

    assert [sessions.is_live(jti, now) for jti in ("revoked", "expired", "live", "unknown")] == [
        *(False, False, True, False)
    ]


def test_another_users_project_is_not_there(project: Project) -> None:
    ben = users.create("ben", "hash")

    with pytest.raises(NotFound):
        projects.of_user(ben.id, project.id)

    assert projects.of_user(project.user_id, project.id).name == "Trip"


def test_another_users_media_are_not_there(project: Project) -> None:
    asset = _asset(project)

    with pytest.raises(NotFound):
        media.of_user(users.create("ben", "hash").id, asset.id)

    assert media.of_user(project.user_id, asset.id).id == asset.id


def test_projects_come_newest_first_page_by_page(project: Project) -> None:
    more = [projects.create(project.user_id, f"Trip {number}") for number in range(4)]
    newest_first = [row.id for row in reversed([project, *more])]

    first = projects.page(project.user_id, 3)
    rest = projects.page(project.user_id, 3, before=first[-1].id)

    assert [row.id for row in (*first, *rest)] == newest_first


def test_a_user_has_only_so_many_projects(project: Project) -> None:
    for number in range(20 - 1):
        projects.create(project.user_id, f"Trip {number}")

    with pytest.raises(LimitReached):
        projects.create(project.user_id, "One more")


def test_a_project_has_only_so_many_media(project: Project) -> None:
    for _ in range(MAX_MEDIA_PER_PROJECT):
        _asset(project)

    with pytest.raises(LimitReached):
        _asset(project)


def test_a_change_of_an_older_version_is_refused(project: Project) -> None:
    changed = projects.change(project, name="Voyage", if_version=1)

    with pytest.raises(Stale):
        projects.change(project, name="Journey", if_version=1)

    assert (changed.name, changed.version) == ("Voyage", 2)
    assert projects.by_id(project.id).name == "Voyage"


def test_deleting_a_project_takes_all_of_its_rows(project: Project) -> None:
    _asset(project)
    _timeline(project, "a" * 64)
    chunks.keep(project.id, "k", "derived/k.mp4", 5)

    projects.delete(project)

    counts = [table.select().count() for table in (MediaAsset, Timeline, chunks.Chunk)]
    assert counts == [0, 0, 0]


def test_media_are_in_the_users_order(project: Project) -> None:
    first, second, third = (_asset(project) for _ in range(3))

    media.reorder(project.id, [third.id, first.id, second.id])

    assert [row.id for row in media.of_project(project.id)] == [third.id, first.id, second.id]


def test_an_order_has_to_name_each_medium_once(project: Project) -> None:
    first, second = _asset(project), _asset(project)

    for order in ([first.id], [first.id, first.id], [first.id, second.id, "other"]):
        with pytest.raises(Invalid):
            media.reorder(project.id, order)


def test_media_are_counted_by_status(project: Project) -> None:
    ready = _asset(project)
    _asset(project)

    media.set_columns(ready.id, processing_status="ready")

    assert media.status_counts(project.id) == {
        **{"pending": 1, "processing": 0},
        **{"ready": 1, "failed": 0},
    }


def test_a_new_song_takes_the_place_of_the_old_with_its_grids(project: Project) -> None:
    old = _song(project, "old")
    _grid(old, "analysed", 120.0)

    new = _song(project, "new")

    current = audio.of_project(project.id)
    assert current is not None
    assert current.id == new.id
    assert audio.BeatGridVersion.select().count() == 0
    with pytest.raises(NotFound):
        audio.set_columns(old.id, bpm=1.0)


def test_a_grid_can_go_back_to_what_was_analysed(project: Project) -> None:
    track = _song(project, "song")
    _grid(track, "analysed", 120.0)
    _grid(track, "user", 60.0)

    back = audio.revert_grid(track.id)

    current = audio.current_grid(track.id)
    assert current is not None
    assert (current.id, current.bpm, current.version) == (back.id, 120.0, 1)
    assert audio.by_id(track.id).bpm == 120.0


def test_a_timeline_is_undone_redone_and_then_goes_another_way(project: Project) -> None:
    for name in "abc":
        _timeline(project, name * 64)

    back = [timelines.undo(project.id) for _ in range(3)]
    forward = timelines.redo(project.id)
    other = _timeline(project, "d" * 64)

    assert [row.edl_hash[0] if row else None for row in back] == ["b", "a", None]
    assert forward is not None
    assert forward.edl_hash[0] == "b"
    assert timelines.redo(project.id) is None
    assert timelines.current(project.id) == other
    assert timelines.reach(other) == (True, False)


def test_so_many_versions_of_a_timeline_are_kept_and_no_more(project: Project) -> None:
    first, second = (_timeline(project, name * 64) for name in "ab")
    for _ in range(MAX_TIMELINE_VERSIONS - 1):
        newest = _timeline(project, "c" * 64)

    kept = list(timelines.Timeline.select(timelines.Timeline.id).order_by("version").tuples())
    assert len(kept) == MAX_TIMELINE_VERSIONS
    assert (first.id,) not in kept
    assert (second.id,) in kept
    assert timelines.reach(newest) == (True, False)


def test_outputs_come_newest_first_and_stay_when_their_file_goes(project: Project) -> None:
    films = [_film(project, kind) for kind in ("preview", "final", "final")]

    outputs.mark_removed(films[2].id, base.utc_now())

    newest = outputs.newest(project.id, "final")
    assert newest is not None
    assert (newest.id, newest.removed_at is not None) == (films[2].id, True)
    assert [row.id for row in outputs.of_project(project.id)] == [film.id for film in films[::-1]]


def test_chunks_are_known_by_their_keys_and_the_unused_are_found(project: Project) -> None:
    keys = [f"{number:064}" for number in range(1200)]
    with base.transaction():
        for key in keys:
            chunks.keep(project.id, key, f"derived/{key}.mp4", 3)
    later = base.utc_now() + timedelta(days=8)

    chunks.touch(project.id, keys[:1199], later)

    assert len(chunks.known(project.id, [*keys, "unknown"])) == 1200
    unused = chunks.unused_since(later, 10)
    assert [chunk.key for chunk in unused] == [keys[1199]]


def _song(project: Project, name: str) -> audio.AudioTrack:
    return audio.replace(
        project.id,
        track_id=base.new_id(),
        filename=f"{name}.mp3",
        file_size=1,
        checksum="0" * 64,
        key=f"uploads/{name}.mp3",
    )


def _grid(track: audio.AudioTrack, origin: audio.Origin, bpm: float) -> None:
    audio.add_grid(
        track.id, origin=origin, key="derived/g.json", checksum="c", bpm=bpm, total_beats=8
    )


def _film(project: Project, kind: outputs.OutputKind) -> outputs.Output:
    return outputs.add(
        project.id,
        output_id=base.new_id(),
        job_id=base.new_id(),
        kind=kind,
        storage_key="outputs/x.mp4",
        file_size=1,
        edl_hash="e" * 64,
    )
