"""The API against schemathesis: every operation, all checks, and sequences of calls.

`python tests/torture/fuzz.py [OPTION…]`: a server on an empty deployment gets a project that has
everything, and schemathesis asks it whatever its description allows and forbids. The options are
those of `schemathesis run`; `--max-examples 200` is a long night, `--max-time 30` a look.

Left out are streams, which stay open by design, and what would end the caller's own login. A
refusal is judged by its status alone: that beats rise or a hash is current, no schema can say.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from flask import Flask

import backstage
from beatstitch.db import base, schema
from beatstitch.db.users import User
from beatstitch.web.app import create_app
from beatstitch.web.server import Server
from callers import CATEGORIES, CHEAPEST_COST, PASSWORD, Caller

CLI = Path(sys.executable).with_name("schemathesis")
LEFT_OUT = r"/events$|/auth/(logout|password)$"
# What refuses without being a fault: also gone, stale, too large, and another protocol.
CLEAR = [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428, 429, 460]
HOOKS = """
import schemathesis

@schemathesis.serializer("application/offset+octet-stream")
def _piece(context, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")
"""


def _settings(data: Path) -> dict[str, str]:
    unlimited = {f"BEATSTITCH_RATE_{category}": "100000000/60" for category in CATEGORIES}
    return unlimited | {
        "STORAGE_PATH": str(data),
        "SECRET_KEY": "for tests only " * 3,
        "BEATSTITCH_DISK_FLOOR_BYTES": "0",
    }


def _registered(app: Flask) -> Caller:
    account = {"username": "anna", "password": PASSWORD}
    nobody = Caller(app, {})
    user = nobody.post("/auth/register", account).json
    token = nobody.post("/auth/login", account).json["access_token"]
    return Caller(app, {"Authorization": f"Bearer {token}"}, user["id"])


def _ids(anna: Caller) -> dict[str, str]:
    """Of everything that has an id, one that is really hers."""
    project = anna.project()
    media = [anna.medium(project, name) for name in ("one.jpg", "two.jpg")]
    for medium in media:
        backstage.looked_at(medium)
    backstage.heard(anna.song(project)["analysis_job_id"])
    edl_hash = backstage.built(anna.post(f"{project}/timeline/generate").json["job_id"])
    wish = {"job_type": "final", "edl_hash": edl_hash}
    film = backstage.filmed(anna.post(f"{project}/render", wish).json["job_id"])
    begin = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    upload = anna.call("POST", "/uploads", headers=begin).headers["Location"]
    return {
        "project_id": project.rpartition("/")[2],
        "media_id": media[0],
        "job_id": film.job_id or "",
        "output_id": film.id,
        "upload_id": upload.rpartition("/")[2],
        "key_id": anna.post("/keys", {"name": "mine", "scopes": ["read"]}).json["id"],
        "preset_id": anna.post("/presets", {"name": project[-12:], "settings": {}}).json["id"],
    }


def _configuration(kept: dict[str, str], lost: dict[str, str]) -> str:
    """What is deleted is not what everything else is asked about."""

    def named(ids: dict[str, str]) -> str:
        return ", ".join(
            f"{json.dumps(f'path.{name}')} = {json.dumps(i)}" for name, i in ids.items()
        )

    return f"""
parameters = {{ {named(kept)} }}
[checks.negative_data_rejection]
expected-statuses = {CLEAR}
[checks.missing_required_header]
expected-statuses = {CLEAR}
[[operations]]
include-method = "DELETE"
parameters = {{ {named(lost)} }}
"""


def main(options: list[str]) -> int:
    """Run it; gives schemathesis' exit code."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= _settings(folder / "data")
        os.chdir(folder)
        app = create_app(password_cost=CHEAPEST_COST)
        schema.upgrade()
        anna = _registered(app)
        User.update(max_projects=10**6, max_media=10**6).execute()
        kept, lost = _ids(anna), _ids(anna)
        base.disconnect()
        listener = socket.create_server(("127.0.0.1", 0))
        server = Server(app, listener, 8)
        turning = threading.Thread(target=server.run)
        turning.start()
        (folder / "schemathesis.toml").write_text(_configuration(kept, lost))
        (folder / "hooks.py").write_text(HOOKS)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/api/openapi.json"
        try:
            return subprocess.run(
                [
                    *(CLI, "run", address, "--no-color", "--continue-on-failure"),
                    *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
                    *("--exclude-path-regex", LEFT_OUT, "--seed", "1"),
                    *("--request-timeout", "120", "--suppress-health-check", "all"),
                    *("-H", f"Authorization: {anna.headers['Authorization']}"),
                    *options,
                ],
                env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": name},
                check=False,
            ).returncode
        finally:
            server.stop()
            turning.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
