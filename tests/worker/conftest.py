"""The houses of this room's tests."""

from daemons import any_house, house

__all__ = ["any_house", "house"]
