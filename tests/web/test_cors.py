"""Pages of other sites, and what is shown while somebody develops."""

from pathlib import Path

import pytest
from flask import Flask

from beatstitch.db import schema
from beatstitch.errors import Invalid
from beatstitch.settings import settings
from beatstitch.web.app import create_app
from callers import Caller, forget_settings, refused

SHOP = "https://shop.example"
ASKS = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}


@pytest.fixture
def open_to_shop(deployment: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An app that lets the pages of two shops call."""
    monkeypatch.setenv("CORS_ORIGINS", f"{SHOP}, http://localhost:3000")
    forget_settings()
    app = create_app(password_cost=4)
    schema.upgrade()
    return app


def test_without_the_setting_no_other_page_may_read(anna: Caller) -> None:
    answer = anna.get("/projects", headers={"Origin": SHOP})

    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_browser_that_asks_first_is_told_what_may_be_sent(open_to_shop: Flask) -> None:
    answer = Caller(open_to_shop, {}).call("OPTIONS", "/projects", headers=ASKS)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert {"Authorization", "X-API-Key", "Idempotency-Key"} <= set(
        answer.headers["Access-Control-Allow-Headers"].split(", ")
    )


def test_a_page_may_send_every_header_that_a_call_takes(open_to_shop: Flask) -> None:
    caller = Caller(open_to_shop, {})
    allowed = caller.call("OPTIONS", "/projects", headers=ASKS).headers

    document = caller.get("/openapi.json").json

    taken = {
        parameter["name"]
        for path in document["paths"].values()
        for operation in path.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "header"
    }
    assert "Upload-Offset" in taken
    assert taken <= set(allowed["Access-Control-Allow-Headers"].split(", "))


def test_a_page_may_read_the_answer_and_its_errors(open_to_shop: Flask) -> None:
    anna = Caller.new(open_to_shop, "anna")

    good = anna.get("/projects", headers={"Origin": SHOP})
    bad = anna.get("/projects/x", headers={"Origin": SHOP})

    for answer in (good, bad):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{SHOP}.evil.example", "null", "http://shop.example", "*"]
)
def test_a_page_of_another_origin_may_not(open_to_shop: Flask, origin: str) -> None:
    anna = Caller.new(open_to_shop, "anna")

    asked = anna.call("OPTIONS", "/projects", headers=ASKS | {"Origin": origin})
    read = anna.get("/projects", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in asked.headers
    assert "Access-Control-Allow-Origin" not in read.headers
    assert "Origin" in read.headers["Vary"]


@pytest.mark.parametrize("given", ["*", "shop.example", "https://shop.example/", "https://SHOP"])
def test_what_is_no_origin_is_refused(
    deployment: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", given)
    forget_settings()

    with pytest.raises(Invalid, match="CORS_ORIGINS"):
        settings()


@pytest.mark.parametrize(("debug", "is_shown"), [("false", False), ("true", True)])
def test_a_fault_of_ours_is_shown_to_developers_alone(
    anna: Caller, monkeypatch: pytest.MonkeyPatch, debug: str, is_shown: bool
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the reason")

    monkeypatch.setattr("beatstitch.db.projects.page", broken)
    monkeypatch.setenv("DEBUG", debug)
    forget_settings()

    answer = anna.get("/projects")

    refused(answer, 500, "internal_error")
    assert ("the reason" in answer.text) is is_shown
