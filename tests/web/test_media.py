"""Photos and clips: uploads, their files, their order."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import backstage
from beatstitch.db.jobs import Job
from beatstitch.db.media import MediaAsset
from beatstitch.limits import MAX_MEDIA_PER_PROJECT
from beatstitch.web import uploads
from callers import JPEG, WAV, Caller, forget_settings, refused, stored

PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:3\nother.mp4\n"


def test_every_upload_gets_a_row_a_file_and_a_job(anna: Caller, deployment: Path) -> None:
    project = anna.project()

    made = anna.upload(f"{project}/media", ("a.jpg", JPEG), ("b.jpg", JPEG + b"2"))

    assert made.status_code == 201
    assert made.json["total_uploaded"] == 2
    assert made.json["failed"] == []
    first, second = made.json["uploaded"]
    assert (first["filename"], first["media_type"], first["sort_order"]) == ("a.jpg", "image", 0)
    assert (second["file_size"], second["sort_order"]) == (len(JPEG) + 1, 1)
    unknown = ("width", "height", "rotation_deg", "duration_ms", "fps", "thumbnail_url")
    assert first["processing_status"] == "pending"
    assert [first[name] for name in unknown] == [None] * 6
    project_id = project.rpartition("/")[2]
    assert stored(deployment) == sorted(
        f"uploads/{project_id}/media/{asset['id']}.jpg" for asset in (first, second)
    )
    looked_at = {job.args["media_asset_id"] for job in Job.select()}
    assert looked_at == {first["id"], second["id"]}


def test_a_job_carries_the_id_of_the_request_that_asked_for_it(anna: Caller) -> None:
    project = anna.project()
    headers = {"X-Request-ID": "from-the-caller.1"}
    files = {"files": (io.BytesIO(JPEG), "a.jpg")}

    made = anna.call("POST", f"{project}/media", headers=headers, data=files)

    assert made.headers["X-Request-ID"] == "from-the-caller.1"
    assert Job.get().request_id == "from-the-caller.1"


def test_one_bad_file_does_not_spoil_the_others(anna: Caller, deployment: Path) -> None:
    made = anna.upload(
        f"{anna.project()}/media",
        ("film.mp4", PLAYLIST),
        ("a.jpg", JPEG),
        ("empty.jpg", b""),
        ("song.mp3", b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 200),
    )

    assert made.status_code == 201
    assert [asset["filename"] for asset in made.json["uploaded"]] == ["a.jpg"]
    assert [(f["filename"], f["error"]) for f in made.json["failed"]] == [
        ("film.mp4", "playlist"),
        ("empty.jpg", "empty_file"),
        ("song.mp3", "wrong_kind"),
    ]
    assert len(stored(deployment)) == 1


def test_a_name_is_for_people_only(anna: Caller, deployment: Path) -> None:
    project = anna.project()
    name = "../../etc/\u202egpj.exe"

    made = anna.upload(f"{project}/media", (name, JPEG)).json["uploaded"][0]

    assert made["filename"] == "gpj.exe"
    assert stored(deployment)[0].endswith(f"{made['id']}.jpg")


def test_a_file_over_its_limit_is_refused(
    anna: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEATSTITCH_MAX_IMAGE_BYTES", str(len(JPEG)))
    forget_settings()

    made = anna.upload(f"{anna.project()}/media", ("a.jpg", JPEG), ("b.jpg", JPEG + b"x")).json

    assert [asset["filename"] for asset in made["uploaded"]] == ["a.jpg"]
    assert made["failed"][0]["error"] == "file_too_large"
    assert len(stored(deployment)) == 1


def test_a_body_over_every_limit_is_refused_unread(
    anna: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = anna.project()
    monkeypatch.setenv("MAX_UPLOAD_SIZE", "1000")
    forget_settings()

    answer = anna.call(
        "POST",
        f"{project}/media",
        data=b"--x\r\n" + bytes(2_000_000),
        content_type="multipart/form-data; boundary=x",
    )

    refused(answer, 413, "file_too_large")
    assert stored(deployment) == []


def test_a_project_has_room_for_50(anna: Caller, deployment: Path) -> None:
    project = anna.project()
    most = [(f"{n}.jpg", JPEG) for n in range(MAX_MEDIA_PER_PROJECT)]
    assert anna.upload(f"{project}/media", *most).json["total_uploaded"] == len(most)

    more = anna.upload(f"{project}/media", ("more.jpg", JPEG)).json

    assert more["total_uploaded"] == 0
    assert more["failed"][0]["error"] == "too_many_media"
    assert len(stored(deployment)) == MAX_MEDIA_PER_PROJECT


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "multipart/form-data; boundary=x", 422, "validation_error"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 422, "validation_error"),
        (b"no form", "multipart/form-data; boundary=x", 400, "malformed_form"),
        (b"--x\r\n", "multipart/form-data", 400, "malformed_form"),
        (b"{}", "application/json", 415, "unsupported_media"),
        (JPEG, "image/jpeg", 415, "unsupported_media"),
        (
            b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            422,
            "validation_error",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + JPEG,
            "multipart/form-data; boundary=x",
            400,
            "malformed_form",
        ),
    ],
    ids=["empty", "no part", "no form", "no boundary", "json", "bare", "other part", "cut short"],
)
def test_a_form_that_is_none_leaves_nothing(
    anna: Caller, deployment: Path, body: bytes, content_type: str, status: int, code: str
) -> None:
    project = anna.project()

    answer = anna.call("POST", f"{project}/media", data=body, content_type=content_type)

    refused(answer, status, code)
    assert stored(deployment) == []
    assert not MediaAsset.select().exists()


def test_a_disk_near_its_floor_takes_no_uploads(
    anna: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = anna.project()
    monkeypatch.setenv("BEATSTITCH_DISK_FLOOR_BYTES", str(10**18))
    forget_settings()

    answer = anna.upload(f"{project}/media", ("a.jpg", JPEG))

    refused(answer, 507, "insufficient_storage")
    assert stored(deployment) == []
    assert anna.project()  # everything else goes on


def test_a_disk_that_fills_up_keeps_nothing_of_an_upload(
    anna: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = anna.project()

    def full(_file: object, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads.Incoming, "write", full)

    answer = anna.upload(f"{project}/media", ("a.jpg", JPEG))

    refused(answer, 507, "insufficient_storage")
    assert stored(deployment) == []


def test_a_fault_after_the_file_takes_the_file_back(
    anna: Caller, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = anna.project()

    def lost(*_: object, **__: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr("beatstitch.db.media.add", lost)

    refused(anna.upload(f"{project}/media", ("a.jpg", JPEG)), 500, "internal_error")

    assert stored(deployment) == []


def test_a_medium_shows_what_became_of_it(anna: Caller) -> None:
    ready, broken = (anna.medium(anna.project()) for _ in range(2))

    backstage.looked_at(ready)

    shown = anna.get(f"/media/{ready}").json
    assert (shown["processing_status"], shown["width"], shown["height"]) == ("ready", 640, 360)
    assert shown["thumbnail_url"] == f"/api/media/{ready}/thumbnail"
    refused(anna.get(f"/media/{broken}/thumbnail"), 404, "not_found")


def test_a_thumbnail_is_sent_once(anna: Caller) -> None:
    medium = anna.medium(anna.project())
    backstage.looked_at(medium, b"\xff\xd8\xff small")

    first = anna.get(f"/media/{medium}/thumbnail")
    second = anna.get(
        f"/media/{medium}/thumbnail", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert (first.data, first.mimetype) == (b"\xff\xd8\xff small", "image/jpeg")
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert (second.status_code, second.data) == (304, b"")


def test_the_file_comes_back_as_it_was(anna: Caller) -> None:
    medium = anna.medium(anna.project(), "my: photo?.jpg")

    answer = anna.get(f"/media/{medium}/file")

    assert answer.data == JPEG
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my_ photo_.jpg"'


def test_a_deleted_medium_goes_with_its_files_and_job(anna: Caller, deployment: Path) -> None:
    project = anna.project()
    looked_at, pending = anna.medium(project), anna.medium(project)
    backstage.looked_at(looked_at)

    for medium in (looked_at, pending):
        assert anna.delete(f"/media/{medium}").status_code == 204

    assert stored(deployment) == []
    assert anna.get(project).json["media_assets"] == []
    assert {job.status for job in Job.select()} == {"complete", "cancelled"}
    refused(anna.delete(f"/media/{looked_at}"), 404, "not_found")


def test_a_medium_that_a_render_may_read_keeps_its_files_for_now(
    anna: Caller, deployment: Path, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    wish = {"job_type": "preview", "edl_hash": with_timeline(ready_project)}
    assert anna.post(f"{ready_project}/render", wish).status_code == 202
    medium = anna.get(ready_project).json["media_assets"][0]["id"]
    before = stored(deployment)

    anna.delete(f"/media/{medium}")

    assert stored(deployment) == before


def test_a_new_order_makes_the_timeline_stale(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)
    ids = [asset["id"] for asset in anna.get(ready_project).json["media_assets"]]
    reorder = f"{ready_project}/media/reorder"

    same = anna.post(reorder, {"order": ids}).json
    other = anna.post(reorder, {"order": ids[::-1]}).json

    assert same == {"success": True, "new_order": ids, "timeline_invalidated": False}
    assert other == {"success": True, "new_order": ids[::-1], "timeline_invalidated": True}
    shown = anna.get(ready_project).json
    assert [asset["id"] for asset in shown["media_assets"]] == ids[::-1]
    assert shown["timeline"]["stale"]


@pytest.mark.parametrize("order", [[], ["x"], ["twice", "twice"]])
def test_an_order_names_every_medium_once(anna: Caller, order: list[str]) -> None:
    project = anna.project()
    anna.medium(project)

    answer = anna.post(f"{project}/media/reorder", {"order": order})

    assert refused(answer, 422, "wrong_order")["detail"][0]["loc"] == ["body", "order"]


def test_a_deleted_medium_makes_the_timeline_stale(
    anna: Caller, ready_project: str, with_timeline: Callable[[str], str]
) -> None:
    with_timeline(ready_project)

    anna.delete(f"/media/{anna.get(ready_project).json['media_assets'][0]['id']}")

    timeline = anna.get(f"{ready_project}/timeline").json
    assert timeline["stale"]
    assert timeline["stale_reason"] == "The photos and clips have changed."


def test_what_a_crash_left_of_an_upload_is_swept(app: object, deployment: Path) -> None:
    folder = uploads.incoming_folder()
    folder.mkdir(parents=True)
    old, new = folder / "old", folder / "new"
    for path in (old, new):
        path.write_bytes(WAV)
    os.utime(old, (0, 0))

    uploads.sweep()

    assert [path.name for path in folder.iterdir()] == ["new"]
