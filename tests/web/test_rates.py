"""How often is too often, by caller and category."""

import sqlite3
import threading
from pathlib import Path

import pytest

from beatstitch.db import schema
from beatstitch.db.base import utc_now
from beatstitch.errors import TooMany
from beatstitch.web import keys
from beatstitch.web.app import create_app
from beatstitch.web.rates import CATEGORIES, Rate, Rates
from callers import JPEG, PASSWORD, Caller, forget_settings, refused

ONE_WINDOW_S = 999_999_999
"""Until 2033: windows are of the wall clock, and none is to end in the middle of a test."""
TEN_SECONDS = dict.fromkeys(CATEGORIES, Rate(5, 10))


def _allowed(rates: Rates, count: int, now_s: float, caller: str = "anna") -> int:
    """How many of so many actions are let through."""
    passed = 0
    for _ in range(count):
        try:
            rates.count(caller, "render", now_s)
        except TooMany:
            continue
        passed += 1
    return passed


def test_a_window_lets_so_many_through_and_the_next_window_again(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates.db", TEN_SECONDS)

    assert _allowed(rates, 12, 1_000_000) == 5
    assert _allowed(rates, 12, 1_000_009.9) == 0
    assert _allowed(rates, 12, 1_000_010) == 5


def test_callers_and_categories_do_not_share(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates.db", TEN_SECONDS)
    _allowed(rates, 5, 1_000_000)

    rates.count("anna", "upload", 1_000_000)

    assert _allowed(rates, 9, 1_000_000, "ben") == 5


def test_a_refusal_says_how_long_to_wait(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates.db", TEN_SECONDS)
    _allowed(rates, 5, 1_000_000)

    with pytest.raises(TooMany) as refusal:
        rates.count("anna", "render", 1_000_006.5)

    assert refusal.value.details == {"category": "render", "retry_after_seconds": 4}


def test_a_race_lets_no_more_through(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates.db", TEN_SECONDS)
    passed: list[int] = []
    ready = threading.Barrier(8)

    def ask() -> None:
        mine = Rates(tmp_path / "rates.db", TEN_SECONDS)
        ready.wait()
        passed.append(_allowed(mine, 5, 1_000_000))
        mine.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 5
    assert _allowed(rates, 1, 1_000_000) == 0


def test_threads_that_make_the_file_together_count_every_action(tmp_path: Path) -> None:
    for trial in range(20):
        file = tmp_path / f"{trial}.db"
        ready = threading.Barrier(8)

        def ask(file: Path = file, ready: threading.Barrier = ready) -> None:
            rates = Rates(file, TEN_SECONDS)
            ready.wait()
            _allowed(rates, 1, 1_000_000)
            rates.close()

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert _allowed(Rates(file, TEN_SECONDS), 1, 1_000_000) == 0


def test_old_windows_are_forgotten(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates.db", TEN_SECONDS)
    for hour in range(9):
        _allowed(rates, 3, 1_000_000 + hour * 3600)

    rows = sqlite3.connect(tmp_path / "rates.db")
    assert rows.execute("SELECT COUNT(*) FROM hits").fetchone()[0] <= 3
    rows.close()


def test_what_cannot_be_counted_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "rates.db").write_bytes(b"")
    rates = Rates(tmp_path / "rates.db", TEN_SECONDS)
    rates.count("anna", "read", 1_000_000)
    rates._connection().execute("PRAGMA query_only = on")  # what a full disk is like

    assert _allowed(rates, 9, 1_000_000) == 9


def test_a_spoilt_file_does_not_close_the_door(tmp_path: Path) -> None:
    (tmp_path / "rates.db").write_bytes(b"after the power cut " * 500)

    assert _allowed(Rates(tmp_path / "rates.db", TEN_SECONDS), 9, 1_000_000) == 9


@pytest.fixture
def strict(deployment: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Anna, where two of everything in a minute is enough, and ten writes."""
    for category in ("AUTH", "UPLOAD", "READ"):
        monkeypatch.setenv(f"BEATSTITCH_RATE_{category}", f"2/{ONE_WINDOW_S}")
    monkeypatch.setenv("BEATSTITCH_RATE_WRITE", f"10/{ONE_WINDOW_S}")
    forget_settings()
    app = create_app(password_cost=4)
    schema.upgrade()
    return Caller.new(app, "anna")


def test_too_many_uploads_are_429_whatever_their_address(strict: Caller) -> None:
    projects = [strict.project() for _ in range(3)]

    answers = [strict.upload(f"{project}/media", ("a.jpg", JPEG)) for project in projects]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    body = refused(answers[-1], 429, "rate_limit_exceeded")
    assert body["details"]["category"] == "upload"
    assert int(answers[-1].headers["Retry-After"]) == body["details"]["retry_after_seconds"] > 0


def test_logins_are_counted_by_address_and_before_any_hash(
    strict: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[object] = []
    monkeypatch.setattr("bcrypt.checkpw", lambda *_: bool(hashes.append(1)))
    stranger = Caller(strict.client.application, {})
    guess = {"username": "anna", "password": PASSWORD}

    answers = [stranger.post("/auth/login", guess) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
    assert len(hashes) == 2


def test_a_trusted_key_has_its_own_rate_and_its_own_count(strict: Caller) -> None:
    _, text = keys.issue(
        strict.user_id,
        name="x",
        scopes=["read"],
        now=utc_now(),
        rates={"read": f"4/{ONE_WINDOW_S}"},
    )
    program = Caller(strict.client.application, {"X-API-Key": text})

    assert [program.get("/auth/me").status_code for _ in range(5)] == [200] * 4 + [429]
    assert [strict.get("/auth/me").status_code for _ in range(3)] == [200, 200, 429]


def test_a_look_at_the_health_is_never_too_often(strict: Caller) -> None:
    assert {strict.get("/health").status_code for _ in range(5)} == {200}
    assert [strict.get("/auth/me").status_code for _ in range(3)] == [200, 200, 429]
