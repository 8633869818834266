"""A deployment with one project in which every kind of file is: nothing of it is nobody's."""

from pathlib import Path

import pytest

import backstage
from beatstitch.db import chunks
from beatstitch.storage import Storage
from beatstitch.storage.configured import configured
from callers import Caller, anna, app, deployment

__all__ = ["anna", "app", "deployment", "place", "project"]


@pytest.fixture
def place(deployment: Path) -> Storage:
    """The storage of the deployment."""
    return configured()


@pytest.fixture
def project(anna: Caller) -> str:
    """The id of a project with photos, a song, a timeline, a preview, a final and a chunk."""
    address = anna.project()
    project_id = address.rsplit("/", 1)[1]
    for name in ("one.jpg", "two.jpg"):
        backstage.looked_at(anna.medium(address, name))
    song = anna.song(address)
    backstage.heard(song["analysis_job_id"])
    edl_hash = backstage.built(anna.post(f"{address}/timeline/generate").json["job_id"])
    for job_type in ("preview", "final"):
        wish = {"job_type": job_type, "edl_hash": edl_hash}
        backstage.filmed(anna.post(f"{address}/render", wish).json["job_id"])
    folder = f"derived/{project_id}"
    backstage.lay(f"{folder}/chunks/ab/abcd.json")
    chunks.keep(project_id, "abcd", backstage.lay(f"{folder}/chunks/ab/abcd.mp4"), 5)
    return project_id
