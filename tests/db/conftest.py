"""The databases of this room's tests."""

from databases import database, empty_database

__all__ = ["database", "empty_database"]
