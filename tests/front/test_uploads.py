"""Uploads through nginx that meet the death of the server, and large ones."""

import hashlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import requests

from callers import JPEG
from fronts import nginx_before, web_socket
from servers import Deployment, HttpCaller, waited

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"
PIECE = 1_000_000


def _patch(caller: HttpCaller, url: str, offset: int, data: bytes) -> requests.Response:
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": BYTES}
    return caller.session.patch(url, data=data, headers=headers, timeout=120)


def test_an_upload_in_pieces_survives_the_death_of_the_server(place: Deployment) -> None:
    data = JPEG + random.Random(7).randbytes(4 * PIECE)  # noqa: S311 - the same bytes each time
    path = str(web_socket(place))
    server = place.serve("--socket", path)
    with nginx_before(place) as front:
        place.url = front.url
        caller = place.caller()
        project = caller.post("/projects", json={"name": "Test"}).json()["id"]
        begun = caller.post("/uploads", headers=TUS | {"Upload-Length": str(len(data))})
        upload = front.url + begun.headers["Location"]
        assert _patch(caller, upload, 0, data[:PIECE]).headers["Upload-Offset"] == str(PIECE)

        with socket.create_connection(("127.0.0.1", front.port)) as half:
            half.sendall(
                (
                    f"PATCH {begun.headers['Location']} HTTP/1.1\r\nHost: x\r\n"
                    f"Authorization: {caller.session.headers['Authorization']!s}\r\n"
                    f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {PIECE}\r\n"
                    f"Content-Type: {BYTES}\r\nContent-Length: {PIECE}\r\n\r\n"
                ).encode()
                + data[PIECE : PIECE + PIECE // 2]
            )
            # The piece is on its way into the server: waitress spools what is larger than 0.5 MB.
            assert waited(lambda: "POST /api/uploads" in (front.folder / "access.log").read_text())
            server.kill()
            server.wait()
        place.serve("--socket", path)

        offset = int(caller.session.head(upload, headers=TUS, timeout=60).headers["Upload-Offset"])
        assert offset == PIECE
        while offset < len(data):
            answer = _patch(caller, upload, offset, data[offset : offset + PIECE])
            assert answer.status_code == 204, answer.text
            offset = int(answer.headers["Upload-Offset"])
        ids = {"upload_ids": [upload.rpartition("/")[2]]}
        taken = caller.post(f"/projects/{project}/media", json=ids)
        file = caller.get(f"/media/{taken.json()['uploaded'][0]['id']}/file")

    assert hashlib.sha256(file.content).digest() == hashlib.sha256(data).digest()


class _Film:
    """A form with an MP4 of this many bytes, made as it is sent."""

    def __init__(self, size: int) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
        film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
        self._pieces = [head + film, *[bytes(PIECE)] * (size // PIECE), b"\r\n--x--\r\n"]

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def _memory_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def test_a_large_upload_does_not_go_through_the_servers_memory(place: Deployment) -> None:
    server = place.serve("--socket", str(web_socket(place)))
    with nginx_before(place) as front:
        place.url = front.url
        caller = place.caller()
        project = caller.post("/projects", json={"name": "Large"}).json()["id"]
        before = _memory_bytes(server.pid)

        answer = caller.post(
            f"/projects/{project}/media",
            data=_Film(150 * PIECE),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )

        assert answer.json()["uploaded"][0]["file_size"] > 150 * PIECE
        assert _memory_bytes(server.pid) - before < 30_000_000
