"""Hearing a project's song, from its rows through the handler to its rows."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from beatstitch import queue
from beatstitch.beats.grid import from_json
from beatstitch.db import audio, base, projects, schema, users
from beatstitch.documents import file_sha256
from beatstitch.errors import MediaRejected
from beatstitch.inventory import sources
from beatstitch.jobs.beat_analysis import handler, rows
from beatstitch.jobs.beat_analysis.args import Ticket
from beatstitch.jobs.kinds import KINDS
from beatstitch.storage.configured import configured
from beatstitch.workspace import Workspace
from callers import forget_settings
from songs import Song


@pytest.fixture(autouse=True)
def project_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A project in a house of its own."""
    monkeypatch.setenv("STORAGE_PATH", str(tmp_path / "data"))
    forget_settings()
    base.connect(f"sqlite:///{tmp_path}/beatstitch.db")
    schema.upgrade()
    yield projects.create(users.create("anna", "hash").id, "Trip").id
    base.disconnect()
    forget_settings()


def upload(project_id: str, song: Path, more: bytes = b"") -> str:
    """The project's song from now on, with `more` behind its sound; gives its id."""
    track_id = base.new_id()
    key = f"uploads/{project_id}/audio/{track_id}.wav"
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "song.wav"
        copy.write_bytes(song.read_bytes() + more)
        checksum = file_sha256(copy)
        configured().put(copy, key)
    audio.replace(
        project_id, track_id=track_id, filename="song.wav", file_size=1, checksum=checksum, key=key
    )
    return track_id


def heard(track_id: str, **how: object) -> Ticket:
    """The ticket of an analysis that ran to its end."""
    args = {"audio_track_id": track_id, "detector": "madmom", **how}
    job = queue.submit(KINDS["beat_analysis"], args, at=queue.now())
    ticket = rows.prepare(job)
    storage = configured()
    with TemporaryDirectory() as folder:
        inputs = {key: storage.fetch(key) for key in ticket.inputs}
        space = Workspace(Path(folder), inputs, lambda *_: None)
        result = handler.run(ticket, space)
        for key, path in space.kept.items():
            storage.put(path, key)
    rows.settle(job, ticket, result)
    return ticket


def test_a_song_is_heard_again_from_what_the_networks_said(
    project_id: str, short_song: Song
) -> None:
    track_id = upload(project_id, short_song.path)

    first, second = heard(track_id), heard(track_id, bpm_hint=60, metre=3)

    assert (first.is_known, second.is_known) == (False, True)
    assert audio.by_id(track_id).bpm == pytest.approx(60, abs=1)
    grid = from_json(configured().fetch(audio.current_grid(track_id).storage_key).read_bytes())
    assert grid.time_signature == "3/4"
    same = {"bpm_hint": None, "metre": None, "analyzed_at": None}
    # How long it lasts is known when it has been heard once.
    assert dataclasses.replace(second, **same) == dataclasses.replace(
        first, is_known=True, peaks_key=None, analyzed_at=None, media_s=second.media_s
    )


def test_a_song_that_cannot_be_heard_again_keeps_its_beats(
    project_id: str, short_song: Song
) -> None:
    track_id = upload(project_id, short_song.path)
    job = queue.submit(
        KINDS["beat_analysis"], {"audio_track_id": track_id, "bpm_hint": 90}, at=queue.now()
    )
    job.error_message = "It was cancelled."
    rows.give_up(job)
    before = audio.by_id(track_id)
    heard(track_id)

    rows.give_up(job)

    after = audio.by_id(track_id)
    assert (before.analysis_status, after.analysis_status) == ("failed", "complete")
    assert before.analysis_error == after.analysis_error == "It was cancelled."
    assert audio.current_grid(track_id) is not None


def test_what_was_heard_of_an_earlier_song_goes(project_id: str, short_song: Song) -> None:
    before = heard(upload(project_id, short_song.path))

    after = heard(upload(project_id, short_song.path, b"another"))

    kept = [file.key for file in configured().list(f"derived/{project_id}/impressions")]
    assert before.impression_key != after.impression_key
    assert kept == [after.impression_key]


def test_the_outline_of_a_song_is_made_once_however_often_it_is_heard(
    project_id: str, short_song: Song
) -> None:
    track_id = upload(project_id, short_song.path)

    first, second = heard(track_id), heard(track_id, bpm_hint=60)

    assert first.peaks_key == audio.by_id(track_id).peaks_key is not None
    assert second.peaks_key is None
    with configured().open(first.peaks_key) as file:
        outline = json.load(file)
    assert outline["duration_ms"] == round(short_song.duration_us / 1000)
    assert [len(level["min"]) for level in outline["levels"]] == [
        len(level["max"]) for level in outline["levels"]
    ]


def test_a_song_whose_pcm_was_written_to_is_decoded_anew_and_keeps_its_beats(
    project_id: str, short_song: Song
) -> None:
    track_id = upload(project_id, short_song.path)
    pcm_key = heard(track_id).pcm_key
    pcm = configured().fetch(pcm_key).read_bytes()
    grid = audio.current_grid(track_id)
    was_doubtful = sources.is_song_doubtful(audio.by_id(track_id))
    configured().fetch(pcm_key).write_bytes(pcm[: len(pcm) // 2] + bytes(len(pcm) // 2))

    is_doubtful = sources.is_song_doubtful(audio.by_id(track_id))
    heard(track_id, is_doubted=True)

    assert (was_doubtful, is_doubtful) == (False, True)
    assert not sources.is_song_doubtful(audio.by_id(track_id))
    assert configured().fetch(pcm_key).read_bytes() == pcm
    assert audio.current_grid(track_id) == grid


def test_a_song_that_is_another_one_than_was_uploaded_is_not_heard(
    project_id: str, short_song: Song
) -> None:
    track_id = upload(project_id, short_song.path)
    song = configured().fetch(audio.by_id(track_id).original_key)
    song.write_bytes(song.read_bytes()[:-2] + b"xx")

    with pytest.raises(MediaRejected, match=r"song.wav isn't what was uploaded any more"):
        heard(track_id)
