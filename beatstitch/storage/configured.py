"""The storage that this deployment's settings name."""

from functools import lru_cache

from beatstitch.settings import settings
from beatstitch.storage.contract import Storage
from beatstitch.storage.local import LocalStorage


@lru_cache(maxsize=1)
def configured() -> Storage:
    """Where the files of this deployment are: the data folder."""
    return LocalStorage(settings().storage_path)
