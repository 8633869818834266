"""Uploads in pieces: whose they are, how they grow, and where they end."""

import base64
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from beatstitch.db import users
from beatstitch.inventory import incoming, partial
from callers import JPEG, WAV, Caller, refused, stored

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


def _begun(caller: Caller, size: int, name: str = "photo.jpg", **more: str) -> str:
    """The address of a new upload."""
    metadata = f"filename {base64.b64encode(name.encode()).decode()},filetype aW1hZ2U="
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": metadata} | more
    made = caller.call("POST", "/uploads", headers=headers)
    assert made.status_code == 201, made.text
    address: str = made.headers["Location"].removeprefix("/api")
    return address


def _sent(caller: Caller, upload: str, offset: object, data: bytes, **more: Any) -> TestResponse:
    headers = TUS | {"Upload-Offset": str(offset)} | more.pop("headers", {})
    how = {"content_type": BYTES, "data": data} | more
    return caller.call("PATCH", upload, headers=headers, **how)


def _offset(caller: Caller, upload: str) -> int:
    return int(caller.call("HEAD", upload, headers=TUS).headers["Upload-Offset"])


def _whole(caller: Caller, data: bytes, name: str = "photo.jpg") -> str:
    """The id of an upload that has all its bytes."""
    upload = _begun(caller, len(data), name)
    assert _sent(caller, upload, 0, data).status_code == 204
    return upload.rpartition("/")[2]


def test_anybody_may_ask_what_of_tus_is_spoken(nobody: Caller) -> None:
    answer = nobody.call("OPTIONS", "/uploads")

    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,expiration,termination,checksum"
    assert int(answer.headers["Tus-Max-Size"]) == 2_000_000_000
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"]


def test_an_upload_grows_piece_by_piece(anna: Caller) -> None:
    upload = _begun(anna, 10, "Größe.jpg")

    first = _sent(anna, upload, 0, b"01234")
    second = _sent(anna, upload, 5, b"56789")

    assert [first.status_code, second.status_code] == [204, 204]
    assert [first.headers["Upload-Offset"], second.headers["Upload-Offset"]] == ["5", "10"]
    head = anna.call("HEAD", upload, headers=TUS)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("10", "10")
    assert head.headers["Cache-Control"] == "no-store"
    assert head.headers["Tus-Resumable"] == "1.0.0"
    assert "GMT" in head.headers["Upload-Expires"]
    shown = anna.get(upload).json
    assert (shown["filename"], shown["upload_offset"], shown["is_complete"]) == (
        "Größe.jpg",
        10,
        True,
    )


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.binary(min_size=1, max_size=2000), min_size=1, max_size=6))
def test_pieces_of_any_size_are_the_file(anna: Caller, pieces: list[bytes]) -> None:
    upload = _begun(anna, len(b"".join(pieces)))

    for piece in pieces:
        _sent(anna, upload, _offset(anna, upload), piece)

    found = partial.of_user(anna.user_id, upload.rpartition("/")[2])
    assert found.path.read_bytes() == b"".join(pieces)
    anna.call("DELETE", upload, headers=TUS)


@pytest.mark.parametrize("offset", [4, 6, 0])
def test_a_piece_that_does_not_join_on_is_refused(anna: Caller, offset: int) -> None:
    upload = _begun(anna, 10)
    _sent(anna, upload, 0, b"01234")

    answer = _sent(anna, upload, offset, b"x")

    assert refused(answer, 409, "offset_mismatch")["details"] == {"upload_offset": 5}
    assert _offset(anna, upload) == 5


def test_more_than_was_announced_is_refused(anna: Caller) -> None:
    upload = _begun(anna, 4)

    refused(_sent(anna, upload, 0, b"01234"), 413, "file_too_large")

    assert _offset(anna, upload) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_piece_counts_only_with_its_checksum(anna: Caller, algorithm: str) -> None:
    upload = _begun(anna, 10)
    right, wrong = (
        base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
        for data in (b"01234", b"other")
    )

    garbled = _sent(anna, upload, 0, b"01234", headers={"Upload-Checksum": f"{algorithm} {wrong}"})
    offset = _offset(anna, upload)
    good = _sent(anna, upload, 0, b"01234", headers={"Upload-Checksum": f"{algorithm} {right}"})

    refused(garbled, 460, "checksum_mismatch")
    assert (offset, good.status_code, _offset(anna, upload)) == (0, 204, 5)


BAD: dict[str, tuple[dict[str, str], int, str]] = {
    "no length": ({"Upload-Length": ""}, 400, "bad_upload"),
    "a negative length": ({"Upload-Length": "-1"}, 400, "bad_upload"),
    "a length in words": ({"Upload-Length": "ten"}, 400, "bad_upload"),
    "digits of another kind": ({"Upload-Length": "²"}, 400, "bad_upload"),
    "an endless length": ({"Upload-Length": "9" * 40}, 400, "bad_upload"),
    "too long": ({"Upload-Length": "2000000001"}, 413, "file_too_large"),
    "a length for later": ({"Upload-Length": "", "Upload-Defer-Length": "1"}, 400, "bad_upload"),
    "no base64": ({"Upload-Metadata": "filename *"}, 400, "bad_upload"),
    "another tus": ({"Tus-Resumable": "0.2.2"}, 412, "tus_version"),
    "no tus": ({"Tus-Resumable": ""}, 412, "tus_version"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_beginning_is_refused_and_leaves_nothing(
    anna: Caller, deployment: Path, case: str
) -> None:
    headers, status, code = BAD[case]
    good = TUS | {"Upload-Length": "10"}

    answer = anna.call("POST", "/uploads", headers=good | headers)

    refused(answer, status, code)
    assert stored(deployment) == []
    assert (answer.headers.get("Tus-Version") == "1.0.0") == (status == 412)


def test_a_name_is_for_people_only(anna: Caller, deployment: Path) -> None:
    upload = _begun(anna, 5, "../../\x00\u202eetc/passwd")

    assert anna.get(upload).json["filename"] == "passwd"
    assert {Path(name).parent for name in stored(deployment)} == {Path("resumable")}


@pytest.mark.parametrize("kind", ["application/octet-stream", "", "multipart/form-data"])
def test_a_piece_of_another_type_is_refused(anna: Caller, kind: str) -> None:
    upload = _begun(anna, 5)

    refused(_sent(anna, upload, 0, b"01234", content_type=kind), 415, "unsupported_media")


@pytest.mark.parametrize("header", ["Upload-Offset", "Upload-Checksum"])
@pytest.mark.parametrize("value", ["x", "-1", "crc32 AAAA", "sha1 *"])
def test_a_piece_with_a_bad_header_is_refused(anna: Caller, header: str, value: str) -> None:
    upload = _begun(anna, 5)

    refused(_sent(anna, upload, 0, b"01234", headers={header: value}), 400, "bad_upload")

    assert _offset(anna, upload) == 0


def test_an_upload_belongs_to_who_began_it(anna: Caller, ben: Caller, nobody: Caller) -> None:
    upload = _begun(anna, 5)
    upload_id = upload.rpartition("/")[2]

    refused(ben.get(upload), 404, "not_found")
    refused(_sent(ben, upload, 0, b"01234"), 404, "not_found")
    refused(ben.call("DELETE", upload, headers=TUS), 404, "not_found")
    refused(nobody.get(upload), 401, "unauthorized")
    _sent(anna, upload, 0, b"01234")
    refused(ben.post(f"{ben.project()}/media", {"upload_ids": [upload_id]}), 404, "not_found")
    assert _offset(anna, upload) == 5


def test_an_upload_can_be_given_up(anna: Caller, deployment: Path) -> None:
    upload = _begun(anna, 5)
    _sent(anna, upload, 0, b"012")

    ended = anna.call("DELETE", upload, headers=TUS)

    assert ended.status_code == 204
    refused(anna.get(upload), 404, "not_found")
    assert stored(deployment) == []


def test_who_can_only_post_says_what_is_meant(anna: Caller) -> None:
    upload = _begun(anna, 5)
    how = TUS | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}

    sent = anna.call("POST", upload, headers=how, data=b"01234", content_type=BYTES)
    offset = _offset(anna, upload)
    ended = anna.call("POST", upload, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})

    assert (sent.status_code, offset, ended.status_code) == (204, 5, 204)
    refused(anna.get(upload), 404, "not_found")


def test_an_upload_that_was_left_for_a_day_is_gone(anna: Caller, deployment: Path) -> None:
    upload, other = _begun(anna, 5), _begun(anna, 5)
    _sent(anna, upload, 0, b"012")
    for path in (deployment / "resumable").glob(f"{upload.rpartition('/')[2]}*"):
        os.utime(path, (0, 0))

    refused(anna.get(upload), 410, "gone")
    refused(_sent(anna, upload, 3, b"34"), 410, "gone")

    assert partial.sweep(datetime.now(UTC)) == 1
    refused(anna.get(upload), 404, "not_found")
    assert anna.get(other).status_code == 200


def test_what_a_crash_left_half_begun_is_swept(anna: Caller, deployment: Path) -> None:
    kept = _begun(anna, 5).rpartition("/")[2]
    folder = deployment / "resumable"
    for name in ("a.part", ".b.json", "b.part"):
        (folder / name).touch()
        os.utime(folder / name, (0, 0))

    assert partial.sweep(datetime.now(UTC)) == 2

    assert {path.stem for path in folder.iterdir()} == {kept}


def test_only_so_many_wait_at_a_time(anna: Caller, ben: Caller) -> None:
    for _ in range(partial.MAX_PER_USER):
        upload = _begun(anna, 5)

    answer = anna.call("POST", "/uploads", headers=TUS | {"Upload-Length": "5"})

    refused(answer, 422, "too_many_uploads")
    _begun(ben, 5)
    anna.call("DELETE", upload, headers=TUS)
    _begun(anna, 5)


def test_uploads_that_are_over_are_in_nobodys_way(anna: Caller, deployment: Path) -> None:
    for _ in range(partial.MAX_PER_USER):
        _begun(anna, 5)
    for path in (deployment / "resumable").iterdir():
        os.utime(path, (0, 0))

    _begun(anna, 5)


def test_what_is_announced_has_to_fit_together(anna: Caller) -> None:
    users.set_limits(anna.user_id, {"max_bytes": 100})
    first = _begun(anna, 60)

    answer = anna.call("POST", "/uploads", headers=TUS | {"Upload-Length": "60"})

    assert refused(answer, 422, "quota_exceeded")["details"]["needed_bytes"] == 120
    anna.call("DELETE", first, headers=TUS)
    _begun(anna, 60)


def test_a_whole_upload_is_taken_where_a_file_is(anna: Caller, deployment: Path) -> None:
    project = anna.project()
    photos = [_whole(anna, JPEG, "Größe.jpg"), _whole(anna, JPEG + b"2", "two.jpg")]
    song = _whole(anna, WAV, "song.wav")

    media = anna.post(f"{project}/media", {"upload_ids": photos})
    audio = anna.post(f"{project}/audio", {"upload_id": song})

    assert (media.status_code, audio.status_code) == (201, 202)
    assert [one["filename"] for one in media.json["uploaded"]] == ["Größe.jpg", "two.jpg"]
    asset = media.json["uploaded"][0]
    assert anna.get(f"/media/{asset['id']}/file").data == JPEG
    assert audio.json["filename"] == "song.wav"
    assert {name.split("/")[0] for name in stored(deployment)} == {"uploads"}
    refused(anna.get(f"/uploads/{song}"), 404, "not_found")


def test_an_upload_that_is_not_wanted_there_can_go_elsewhere(anna: Caller) -> None:
    project = anna.project()
    song = _whole(anna, WAV, "song.wav")

    wrong = anna.post(f"{project}/media", {"upload_ids": [song]})
    right = anna.post(f"{project}/audio", {"upload_id": song})

    assert wrong.json["failed"][0]["error"] == "wrong_kind"
    assert right.status_code == 202


def test_an_upload_that_found_no_room_waits_for_another_try(anna: Caller, deployment: Path) -> None:
    users.set_limits(anna.user_id, {"max_media": 0})
    project, upload = anna.project(), _whole(anna, JPEG)
    body = {"upload_ids": [upload]}

    refusal = anna.post(f"{project}/media", body)
    left = stored(deployment)
    users.set_limits(anna.user_id, {"max_media": None})
    taken = anna.post(f"{project}/media", body)

    assert refusal.json["failed"][0]["error"] == "too_many_media"
    assert [name.partition("/")[0] for name in left] == ["resumable"] * 2
    assert taken.json["total_uploaded"] == 1
    assert len(stored(deployment)) == 1


def test_the_sweep_leaves_an_upload_alone_that_is_being_taken(anna: Caller) -> None:
    upload = partial.of_user(anna.user_id, _whole(anna, JPEG))
    os.utime(upload.path, (0, 0))  # its last byte came long ago

    copy = partial.copied(upload)

    assert incoming.sweep(datetime.now(UTC)) == 0
    assert copy.read_bytes() == JPEG


def test_an_upload_that_goes_while_it_is_asked_about_is_404(
    anna: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = _begun(anna, 5)
    found = partial.of_user(anna.user_id, upload.rpartition("/")[2])
    partial.remove(found)

    monkeypatch.setattr(partial, "of_user", lambda *_: found)

    refused(anna.get(upload), 404, "not_found")


def test_an_upload_that_is_not_whole_is_not_taken(anna: Caller) -> None:
    upload = _begun(anna, len(JPEG))
    _sent(anna, upload, 0, JPEG[:100])

    answer = anna.post(f"{anna.project()}/media", {"upload_ids": [upload.rpartition("/")[2]]})

    assert refused(answer, 409, "upload_unfinished")["details"] == {"upload_offset": 100}
    assert _sent(anna, upload, 100, JPEG[100:]).status_code == 204


def test_an_upload_in_hand_is_not_touched_by_another(anna: Caller) -> None:
    upload = _begun(anna, 5)
    found = partial.of_user(anna.user_id, upload.rpartition("/")[2])

    with partial.opened(found):
        piece = _sent(anna, upload, 0, b"01234")
        end = anna.call("DELETE", upload, headers=TUS)

    refused(piece, 409, "upload_busy")
    refused(end, 409, "upload_busy")


@pytest.mark.parametrize("upload_id", ["x", "../beatstitch", "", "0" * 32, "%2e%2e"])
def test_no_id_names_another_file(anna: Caller, upload_id: str) -> None:
    answer = anna.post(f"{anna.project()}/audio", {"upload_id": upload_id})

    refused(answer, 404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"upload_ids": []}, {"upload_ids": "x"}, {"upload_ids": [5]}, {"files": ["x"]}]
)
def test_a_body_that_names_no_uploads_is_422(anna: Caller, body: dict[str, object]) -> None:
    refused(anna.post(f"{anna.project()}/media", body), 422, "validation_error")
