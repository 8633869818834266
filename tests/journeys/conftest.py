"""One deployment for all journeys: a server and a worker, behind the nginx of the shipped site."""

from collections.abc import Iterator

import pytest

from fronts import ACCEL, GROUP_READS, nginx_before, web_socket
from servers import Deployment, HttpCaller, deployed


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A server and a worker at work, and nginx in front of them."""
    with deployed(tmp_path_factory.mktemp("service"), **ACCEL) as deployment:
        deployment.umask = GROUP_READS
        deployment.serve("--socket", str(web_socket(deployment)))
        with nginx_before(deployment) as front:
            deployment.url = front.url
            deployment.work()
            yield deployment


@pytest.fixture
def caller(service: Deployment) -> HttpCaller:
    """Somebody with an account."""
    return service.caller()
