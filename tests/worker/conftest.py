"""The houses of this room's tests."""

from daemons import any_house, house
from databases import database, empty_database

__all__ = ["any_house", "database", "empty_database", "house"]
