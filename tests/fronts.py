"""A real nginx with the shipped site, in front of a deployment that listens at a UNIX socket."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers import COMMAND, Deployment, waited

ROOT = Path(__file__).parents[1]
SITE = ROOT / "nginx" / "beatstitch.conf"
ACCEL = {"BEATSTITCH_ACCEL": "/_files/"}
PAGE = "https://app.test"
"""The origin of another site's page, which may read what is answered."""
GROUP_READS = 0o027
"""The umask of the shipped units: nginx reads the files as a member of their group."""

_AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx.log info;
worker_processes 2;
events {{ worker_connections 768; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
"""What Debian's nginx.conf says around a site, with places of the test's own."""


@dataclass
class Front:
    """An nginx at work; `url` is where it answers, `port` the number in it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Where people come in."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def log(self) -> str:
        """What nginx had to say."""
        return (self.folder / "nginx.log").read_text()

    def access(self) -> list[str]:
        """Who asked for what."""
        return (self.folder / "access.log").read_text().splitlines()

    def reload(self) -> None:
        """Have it read its configuration anew, which is done when this comes back."""
        before = self.log().count("start worker process ")
        self.process.send_signal(signal.SIGHUP)
        assert waited(lambda: self.log().count("start worker process ") >= before + 2), self.log()


def web_socket(deployment: Deployment) -> Path:
    """Where the server of a deployment listens for its nginx."""
    return deployment.folder / "web.sock"


def serve_at(deployment: Deployment, listener: socket.socket) -> "subprocess.Popen[str]":
    """A server that inherits its socket, as from systemd; it answers when this comes back."""
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve 3<&{listener.fileno()}'
    with (deployment.folder / "serve.log").open("a") as log:
        server = subprocess.Popen(
            ["bash", "-c", script, COMMAND],
            cwd=deployment.folder,
            env=deployment.environment(),
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    deployment.processes.append(server)
    assert server.stdout is not None
    assert "answers at" in server.stdout.readline(), deployment.log("serve")
    return server


def site(deployment: Deployment, port: int, tls: Path | None = None, **other: str) -> str:
    """The shipped site with places of the test's own; `other` are words to put in for others.

    With `tls`, a folder with a certificate, the lines of the TLS block count too.
    """
    text = SITE.read_text()
    kept = []
    for line in text.splitlines():
        is_tls = line.lstrip().startswith("#tls ")
        if "[::]" in line or (tls and line.endswith("#plain")):
            continue
        kept.append(line.replace("#tls ", "", 1) if tls and is_tls else line)
    words = {
        "/run/beatstitch/web.sock": str(web_socket(deployment)),
        "/var/lib/beatstitch/": f"{deployment.data}/",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/beatstitch/tls": str(tls),
        "/var/log/nginx/access.log": str(deployment.folder / "nginx" / "access.log"),
        **other,
    }
    text = "\n".join(kept)
    for shipped, ours in words.items():
        assert shipped in text or "tls" in shipped or "ssl" in shipped, shipped
        text = text.replace(shipped, ours)
    if tls:
        # The redirect from port 80 needs that port, which a test can't have.
        first = text.index("server {\n    listen 80")
        return text[:first] + text[text.index("server {\n", first + 1) :]
    return text.replace("listen 80 ", f"listen 127.0.0.1:{port} ")


@contextmanager
def nginx_before(deployment: Deployment, tls: Path | None = None, **other: str) -> Iterator[Front]:
    """An nginx in front of the deployment's socket, whether a server listens there or not yet."""
    folder = deployment.folder / "nginx"
    folder.mkdir()
    port = _free_port()
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "site.conf").write_text(site(deployment, port, tls, **other))
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
    argv = ["nginx", "-e", str(folder / "nginx.log"), "-c", str(folder / "nginx.conf")]
    path = f"{os.environ['PATH']}:/usr/sbin"
    process = subprocess.Popen(argv, env=os.environ | {"PATH": path}, stdin=subprocess.DEVNULL)
    front = Front(folder, port, process, "https" if tls else "http")
    try:
        assert waited(lambda: process.poll() is not None or _answers(port)), front.log()
        assert process.poll() is None, front.log()
        yield front
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0
