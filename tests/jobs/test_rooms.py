"""Every kind in the table keeps the contract of a handler's room."""

import os
import subprocess
import sys
from typing import get_type_hints

import pytest
from pydantic import TypeAdapter

from beatstitch.jobs.kinds import KINDS
from beatstitch.queue import FanOut, Kind
from beatstitch.worker import brood, child

ALL = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@ALL
def test_its_arguments_are_a_type_that_can_be_checked(kind: Kind) -> None:
    assert TypeAdapter(kind.module("args").Args).json_schema()["type"] == "object"


@ALL
def test_its_work_takes_a_ticket_that_prepare_gives(kind: Kind) -> None:
    given = get_type_hints(kind.module("rows").prepare)["return"]
    taken = get_type_hints(kind.module("handler").run)["ticket"]

    assert given in (taken, taken | FanOut)


@ALL
def test_what_its_work_gives_is_what_settle_takes(kind: Kind) -> None:
    given = get_type_hints(kind.module("handler").run)["return"]
    taken = get_type_hints(kind.module("rows").settle)["result"]

    assert given == taken


@ALL
def test_its_ticket_and_result_travel_as_json(kind: Kind) -> None:
    work = child.learn(f"{kind.room}.handler")

    assert work.ticket.json_schema(mode="serialization")
    assert work.result.json_schema(mode="serialization")


@ALL
def test_its_ticket_says_how_long_the_media_are_that_its_time_grows_with(kind: Kind) -> None:
    ticket = get_type_hints(kind.module("handler").run)["ticket"]

    assert hasattr(ticket, "media_s") or not kind.per_media_s


WARM = """
import os, sys
from beatstitch.jobs.kinds import KINDS
from beatstitch.worker import child
for kind in KINDS.values():
    child.learn(f"{kind.room}.handler")
    for module in kind.warm:
        __import__(module)
print(len(os.listdir("/proc/self/task")))
"""


def test_what_is_imported_before_the_fork_starts_no_thread() -> None:
    said = subprocess.run(
        [sys.executable, "-c", WARM],
        env={**brood._environment(), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "1\n"
