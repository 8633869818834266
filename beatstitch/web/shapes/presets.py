"""Presets: settings under a name."""

from beatstitch.db.presets import Preset
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.projects import Name
from beatstitch.web.shapes.timeline import SettingsGiven


class NewPreset(Body):
    """Some settings or all, and the name to find them by."""

    name: Name
    settings: SettingsGiven


class PresetShown(Shown):
    """A preset; settings that it doesn't name stay as they are when it is applied."""

    id: str
    name: str
    settings: dict[str, object]
    created_at: Moment

    @staticmethod
    def of(row: Preset) -> "PresetShown":
        """From the row."""
        return PresetShown(
            id=row.id, name=row.name, settings=row.settings, created_at=row.created_at
        )


class PresetList(Shown):
    """A page of presets, newest first."""

    items: list[PresetShown]
    next_cursor: str | None
    total: int
