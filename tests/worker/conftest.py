"""The houses of this room's tests."""

from daemons import house

__all__ = ["house"]
