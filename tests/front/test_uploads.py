"""Uploads through nginx that meet the death of the server, and large ones."""

import hashlib
import random
import socket

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
