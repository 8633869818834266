"""Photos and clips on their way in: what is taken, what is refused, what a full disk leaves."""

import errno
import io
from pathlib import Path

import pytest

from beatstitch.db.jobs import Job
from beatstitch.db.media import MediaAsset
from beatstitch.db.projects import Project
from beatstitch.errors import Unavailable
from beatstitch.limits import MAX_MEDIA_PER_PROJECT
from beatstitch.web import intake, uploads
from beatstitch.web.uploads import Arrived
from callers import JPEG, Caller, forget_settings, refused, stored

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


def test_a_database_that_is_busy_for_a_moment_does_not_spoil_the_others(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were all of it 503, who tries again would have the first twice."""
    take = intake.take_medium

    def busy_for_the_second(project: Project, file: Arrived) -> MediaAsset:
        if file.name == "two.jpg":
            raise Unavailable("database_busy", "The database is busy.")
        return take(project, file)

    monkeypatch.setattr(intake, "take_medium", busy_for_the_second)

    answer = anna.upload(f"{anna.project()}/media", ("one.jpg", JPEG), ("two.jpg", JPEG))

    assert (answer.status_code, answer.json["total_uploaded"]) == (201, 1)
    assert [one["error"] for one in answer.json["failed"]] == ["database_busy"]


def test_a_form_has_so_many_files_and_no_more(anna: Caller, deployment: Path) -> None:
    files = [(f"{n}.jpg", JPEG) for n in range(uploads.MAX_FILES + 1)]

    answer = anna.upload(f"{anna.project()}/media", *files)

    assert refused(answer, 422, "too_many_files")["details"] == {"limit": uploads.MAX_FILES}
    assert stored(deployment) == []


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
    name = "../../etc/\u202e\u2066\x9bgpj.exe"

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
        (b"{}", "application/json", 422, "validation_error"),
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
