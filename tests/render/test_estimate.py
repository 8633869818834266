"""A guess at what a film takes: there is one for everything that can be asked for."""

from beatstitch.render.estimate import ENCODE_S
from beatstitch.render.profile import ENCODERS


def test_every_way_to_encode_has_its_rate() -> None:
    assert set(ENCODE_S) == {(codec, preset) for (codec, _), (preset, _) in ENCODERS.items()}
