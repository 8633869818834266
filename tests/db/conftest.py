"""The databases of this room's tests."""

from databases import any_database, any_empty_database, database, empty_database

__all__ = ["any_database", "any_empty_database", "database", "empty_database"]
