"""Bytes under keys: seven verbs, and a backend behind them.

A key is a relative POSIX path made by us, never by a user. Files are immutable once they have
their key: a row that names a key is committed only after the file is there. This room refuses to
know what the bytes are and which rows name them.
"""

from beatstitch.storage.contract import Storage, Stored, check_key, missing
from beatstitch.storage.local import LocalStorage

__all__ = ["LocalStorage", "Storage", "Stored", "check_key", "missing"]
