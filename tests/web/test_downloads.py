"""Files on their way out: what the caller's conditions come to, names, and the proxy's part."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from werkzeug.http import http_date, parse_options_header

import backstage
from beatstitch.storage.configured import configured
from beatstitch.web.downloads import safe_name
from callers import Caller, forget_settings, refused

FILM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40
PAST, FUTURE = http_date(0), "Fri, 31 Dec 2099 23:59:59 GMT"


@pytest.fixture
def film(anna: Caller, ready_project: str, with_timeline: object) -> str:
    """The address of a film."""
    assert callable(with_timeline)
    wish = {"job_type": "final", "edl_hash": with_timeline(ready_project)}
    job = anna.post(f"{ready_project}/render", wish).json["job_id"]
    output = backstage.filmed(job, FILM)
    return f"{ready_project}/outputs/{output.id}"


CONDITIONS: dict[str, tuple[dict[str, str], int]] = {
    "none": ({}, 200),
    "it is this one": ({"If-Match": "{etag}"}, 200),
    "it is one of these": ({"If-Match": '"x", {etag}'}, 200),
    "it is any": ({"If-Match": "*"}, 200),
    "it is another": ({"If-Match": '"x"'}, 412),
    "it is weakly this one": ({"If-Match": "W/{etag}"}, 412),
    "a part, when it is another": ({"If-Match": '"x"', "Range": "bytes=0-3"}, 412),
    "a part, when it is any": ({"If-Match": "*", "Range": "bytes=0-3"}, 206),
    "not written since long ago": ({"If-Unmodified-Since": PAST}, 412),
    "not written since tomorrow": ({"If-Unmodified-Since": FUTURE}, 200),
    "a tag counts more than a date": ({"If-Match": "*", "If-Unmodified-Since": PAST}, 200),
    "known": ({"If-None-Match": "{etag}"}, 304),
    "known weakly": ({"If-None-Match": "W/{etag}"}, 304),
    "known, whichever it is": ({"If-None-Match": "*"}, 304),
    "not known": ({"If-None-Match": '"x"'}, 200),
    "known comes before a part": ({"If-None-Match": "{etag}", "Range": "bytes=0-3"}, 304),
    "known since tomorrow": ({"If-Modified-Since": FUTURE}, 304),
    "known since long ago": ({"If-Modified-Since": PAST}, 200),
    "a tag not known counts more": ({"If-None-Match": '"x"', "If-Modified-Since": FUTURE}, 200),
    "a date that is none": ({"If-Modified-Since": "yesterday"}, 200),
    "go on": ({"Range": "bytes=5-", "If-Range": "{etag}"}, 206),
    "go on with another": ({"Range": "bytes=5-", "If-Range": '"x"'}, 200),
    "go on with a weak tag": ({"Range": "bytes=5-", "If-Range": "W/{etag}"}, 200),
    "two parts": ({"Range": "bytes=0-1,3-4"}, 200),
    "a part it does not have": ({"Range": "bytes=99999-"}, 416),
    "nonsense": ({"Range": "bytes=9-3"}, 416),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_a_file_is_sent_on_the_callers_conditions(anna: Caller, film: str, case: str) -> None:
    headers, status = CONDITIONS[case]
    etag = anna.get(film).headers["ETag"]

    answer = anna.get(film, headers={k: v.format(etag=etag) for k, v in headers.items()})

    assert answer.status_code == status, answer.data
    if status < 400:
        assert answer.headers["ETag"] == etag
    assert len(answer.data) == len(FILM) or status != 200
    assert answer.data == b"" or status != 304


def test_a_file_that_is_another_by_now_is_412_in_the_one_shape(anna: Caller, film: str) -> None:
    refused(anna.get(film, headers={"If-Match": '"another"'}), 412, "stale")


@pytest.fixture
def behind_nginx(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a proxy sends the files."""
    monkeypatch.setenv("BEATSTITCH_ACCEL", "/_files/")
    forget_settings()


def test_a_proxy_is_told_which_file_to_send(
    anna: Caller, film: str, deployment: Path, behind_nginx: None
) -> None:
    answer = anna.get(film, headers={"Range": "bytes=0-3"})

    place = answer.headers["X-Accel-Redirect"]
    assert (answer.status_code, answer.data) == (200, b"")
    assert (deployment / place.removeprefix("/_files/")).read_bytes() == FILM
    assert answer.headers["Content-Type"] == "video/mp4"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_what_needs_no_file_is_answered_without_the_proxy(
    anna: Caller, film: str, behind_nginx: None
) -> None:
    etag = anna.get(film).headers["ETag"]

    known = anna.get(film, headers={"If-None-Match": etag})
    beyond = anna.get(film, headers={"Range": "bytes=99999-"})
    another = anna.get(film, headers={"If-Match": '"x"'})

    assert [known.status_code, beyond.status_code, another.status_code] == [304, 416, 412]
    assert not any("X-Accel-Redirect" in answer.headers for answer in (known, beyond, another))


def test_a_proxy_is_not_asked_about_a_tag_that_it_does_not_know(
    anna: Caller, film: str, behind_nginx: None
) -> None:
    etag = anna.get(film).headers["ETag"]

    answer = anna.get(film, headers={"If-Match": etag})

    assert (answer.status_code, answer.data) == (200, FILM)


def test_a_file_that_has_vanished_is_404(anna: Caller, film: str, behind_nginx: None) -> None:
    key = anna.get(film).headers["X-Accel-Redirect"].removeprefix("/_files/")
    configured().delete(key)

    refused(anna.get(film), 404, "not_found")


def test_a_file_that_vanishes_between_its_being_found_and_opened_is_404(
    anna: Caller, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = configured()
    find = storage.fetch

    def found_and_gone(key: str) -> Path:
        path = find(key)
        path.unlink()
        return path

    monkeypatch.setattr(storage, "fetch", found_and_gone)

    refused(anna.get(film), 404, "not_found")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("Übung 🎬", "Übung 🎬 final.mp4"),
        ('a"b\\c/d', "a_b_c_d final.mp4"),
        ("\u202egpj.exe", "_gpj.exe final.mp4"),
        ("x; filename=evil.exe", "x; filename=evil.exe final.mp4"),
        ("100% *new*", "100% _new_ final.mp4"),
    ],
)
def test_a_download_has_a_name_that_every_system_takes(
    anna: Caller, film: str, given: str, sent: str
) -> None:
    project = film.partition("/outputs")[0]
    assert anna.patch(project, {"name": given}).status_code == 200

    header = anna.get(film).headers["Content-Disposition"]

    kind, options = parse_options_header(header)
    assert header.isascii()
    assert (kind, unquote(options["filename"])) == ("attachment", sent)


@pytest.mark.parametrize(
    ("name", "safe"),
    [("..", "file"), ("", "file"), ("a\r\nSet-Cookie: x", "a_Set-Cookie_ x"), ("x\ud800", "x_")],
)
def test_no_name_breaks_a_header_or_leaves_its_folder(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("x" * 250 + ".jpeg", "x" * 195 + ".jpeg"),
        ("映" * 80 + ".mp4", "映" * 65 + ".mp4"),
        ("x" * 200 + "." + "y" * 40, "x" * 200),
        ("x" * 196 + ".mp4", "x" * 196 + ".mp4"),
    ],
)
def test_a_long_name_is_cut_before_its_ending(name: str, safe: str) -> None:
    assert safe_name(name) == safe
