"""The deployment and the people of this room's tests."""

from collections.abc import Callable

import pytest

import backstage
from callers import Caller, anna, app, ben, deployment, nobody

__all__ = ["anna", "app", "ben", "deployment", "nobody", "ready_project", "with_timeline"]


@pytest.fixture
def ready_project(anna: Caller) -> str:
    """Anna's project with two photos and a song, all looked at; its address."""
    project = anna.project()
    for name in ("one.jpg", "two.jpg"):
        backstage.looked_at(anna.medium(project, name))
    backstage.heard(anna.song(project)["analysis_job_id"])
    return project


@pytest.fixture
def with_timeline(anna: Caller) -> Callable[[str], str]:
    """Builds the timeline of a project that is ready; gives its hash."""

    def build(project: str) -> str:
        started = anna.post(f"{project}/timeline/generate")
        assert started.status_code == 202, started.text
        return backstage.built(started.json["job_id"])

    return build
