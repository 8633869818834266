"""Presets: settings that a user keeps under a name and lays over projects."""

from flask import Blueprint, Response, make_response

from beatstitch.db import presets
from beatstitch.timeline.settings import read_settings
from beatstitch.web import guard
from beatstitch.web.api.projects import Headers, settings_changed
from beatstitch.web.openapi import answers
from beatstitch.web.pages import PageQuery, cut
from beatstitch.web.shapes.presets import NewPreset, PresetList, PresetShown
from beatstitch.web.shapes.projects import SettingsChanged

blueprint = Blueprint("presets", __name__, url_prefix="/api")


@blueprint.get("/presets")
@answers({200: PresetList})
def list_presets(query: PageQuery) -> PresetList:
    """My presets, newest first."""
    user_id = guard.caller().id
    rows, next_cursor = cut(presets.page(user_id, query.limit + 1, query.cursor), query.limit)
    return PresetList(
        items=[PresetShown.of(row) for row in rows],
        next_cursor=next_cursor,
        total=presets.count_of_user(user_id),
    )


@blueprint.post("/presets")
@answers({201: PresetShown}, refuses=(409,))
def make_preset(json: NewPreset) -> tuple[PresetShown, int]:
    """Keep settings under a name."""
    given = json.settings.model_dump(mode="json", exclude_unset=True)
    read_settings(given)
    return PresetShown.of(presets.create(guard.caller().id, json.name, given)), 201


@blueprint.delete("/presets/<preset_id>")
@answers({204: None})
def delete_preset(preset_id: str) -> Response:
    """Forget a preset; projects stay as they are."""
    presets.delete(presets.of_user(guard.caller().id, preset_id))
    return make_response("", 204)


@blueprint.post("/projects/<project_id>/presets/<preset_id>/apply")
@answers({200: SettingsChanged}, refuses=(412,))
def apply_preset(project_id: str, preset_id: str) -> tuple[SettingsChanged, int, Headers]:
    """Lay a preset's settings over the project's; If-Match may say which ones were read."""
    preset = presets.of_user(guard.caller().id, preset_id)
    return settings_changed(project_id, preset.settings)
