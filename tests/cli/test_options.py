"""What a person writes is read, or refused in a sentence."""

import click
import pytest

from beatstitch.cli.options import Time


@pytest.mark.parametrize(
    ("said", "time_ms"), [("12.5", 12_500), ("1:02.5", 62_500), ("0.0004", 0), ("0", 0)]
)
def test_a_time_is_seconds_or_minutes_and_seconds(said: str, time_ms: int) -> None:
    assert Time().convert(said, None, None) == time_ms


@pytest.mark.parametrize("said", ["", "-1", "1:", "1:2:3", "1e3", "9" * 5000, "0." + "9" * 5000])
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write seconds \(12\.5\) or 1:02\.5"):
        Time().convert(said, None, None)
