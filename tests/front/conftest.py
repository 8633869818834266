"""A server behind the shipped nginx, for the tests that leave it as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fronts import ACCEL, GROUP_READS, PAGE, Front, nginx_before, web_socket
from servers import Deployment, HttpCaller, deployed


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A server of eight threads at a UNIX socket, nginx in front of it, and no worker."""
    with deployed(tmp_path_factory.mktemp("front"), CORS_ORIGINS=PAGE, **ACCEL) as deployment:
        deployment.umask = GROUP_READS
        deployment.serve("--socket", str(web_socket(deployment)))
        yield deployment


@pytest.fixture(scope="session")
def front(service: Deployment) -> Iterator[Front]:
    """Its nginx, which waits two seconds for a header and not ten, and knows another site."""
    short = {"client_header_timeout 10s": "client_header_timeout 2s"}
    page = {'#cors "https://app.example.org"': f'"{PAGE}"'}
    with nginx_before(service, **short, **page) as nginx:
        service.url = nginx.url
        yield nginx


@pytest.fixture
def caller(service: Deployment, front: Front) -> HttpCaller:
    """Somebody with an account."""
    return service.caller()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    """A deployment of the test's own, without processes yet."""
    with deployed(tmp_path, **ACCEL) as deployment:
        yield deployment
