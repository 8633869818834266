"""The app of this room's tests."""

from callers import app, deployment

__all__ = ["app", "deployment"]
