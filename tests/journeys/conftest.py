"""One deployment for all journeys: a server and a worker."""

from collections.abc import Iterator

import pytest

from servers import Deployment, HttpCaller, deployed


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A server and a worker at work."""
    with deployed(tmp_path_factory.mktemp("service")) as deployment:
        deployment.serve()
        deployment.work()
        yield deployment


@pytest.fixture
def caller(service: Deployment) -> HttpCaller:
    """Somebody with an account."""
    return service.caller()
