"""The same journeys on PostgreSQL, through a restart of the server too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.test_full_workflow import test_full_render_workflow
from postgres import Cluster
from servers import Deployment, HttpCaller, deployed, waited

__all__ = ["test_full_render_workflow"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, server: Cluster) -> Iterator[Deployment]:
    """A server and a worker on an empty database of PostgreSQL's."""
    url = server.new(is_empty=True)
    with deployed(tmp_path_factory.mktemp("service"), DATABASE_URL=url) as deployment:
        deployment.serve()
        deployment.work()
        yield deployment
    server.drop(url)


def test_a_restart_of_the_database_is_survived_by_server_and_worker(
    service: Deployment, caller: HttpCaller, server: Cluster, photos: tuple[Path, ...]
) -> None:
    project = f"/projects/{caller.post('/projects', json={'name': 'Before'}).json()['id']}"

    with server.away():
        refused = caller.get(project)
    answered = waited(lambda: caller.get(project).status_code == 200)
    uploaded = caller.upload(f"{project}/media", "files", photos[0])

    assert (refused.status_code, refused.json()["error"]) == (503, "database_busy")
    assert answered
    assert uploaded.status_code == 201
    assert waited(lambda: caller.media_ready(project))
    assert all(process.poll() is None for process in service.processes)
