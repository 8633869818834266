"""Uploads in pieces: tus 1.0."""

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, make_response, request

from beatstitch.inventory import partial
from beatstitch.settings import settings
from beatstitch.web import guard, rates, resumable, uploads
from beatstitch.web.openapi import answers
from beatstitch.web.shapes.uploads import UploadShown

blueprint = Blueprint("uploads", __name__, url_prefix="/api/uploads")
_TEXT = {"type": "string"}
_NUMBER = {"type": "string", "pattern": "^[0-9]{1,15}$"}
_TUS: dict[str, Mapping[str, object]] = {"Tus-Resumable": {"enum": [resumable.VERSION]}}
_PIECE = _TUS | {"Upload-Offset": _NUMBER, "Upload-Checksum": _TEXT}


@blueprint.after_request
def _speak_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = resumable.VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = resumable.VERSION
    return response


@blueprint.route("", methods=["OPTIONS"], provide_automatic_options=False)
@guard.open_to_all
def tus_facts() -> Response:
    """What of tus is spoken here."""
    response = make_response("", 204)
    response.headers["Tus-Version"] = resumable.VERSION
    response.headers["Tus-Extension"] = resumable.EXTENSIONS
    response.headers["Tus-Max-Size"] = str(max(uploads.limits(settings()).values()))
    response.headers["Tus-Checksum-Algorithm"] = ",".join(resumable.ALGORITHMS)
    return response


@blueprint.post("")
@answers(
    {201: None},
    refuses=(400, 412, 413, 415, 507),
    headers=_TUS | {"Upload-Length": _NUMBER, "Upload-Metadata": _TEXT},
)
@rates.of_category("resumable")
def begin_upload() -> Response:
    """Begin an upload of Upload-Length bytes; Upload-Metadata may say its filename."""
    resumable.check_version()
    upload = resumable.begin(guard.caller().id)
    response = resumable.shown(upload, make_response("", 201))
    response.headers["Location"] = f"/api/uploads/{upload.id}"
    return response


@blueprint.get("/<upload_id>")
@answers({200: UploadShown}, refuses=(410, 412))
def get_upload(upload_id: str) -> Response:
    """How far the upload is; by HEAD in the headers alone."""
    if request.method == "HEAD":
        resumable.check_version()
    upload = _own(upload_id)
    return resumable.shown(upload, jsonify(UploadShown.of(upload).model_dump(mode="json")))


@blueprint.patch("/<upload_id>")
@answers(
    {204: None},
    refuses=(400, 409, 410, 412, 413, 415, 460, 507),
    takes_bytes=resumable.BYTES,
    headers=_PIECE,
)
@rates.uncounted
def continue_upload(upload_id: str) -> Response:
    """Add bytes at Upload-Offset, best some megabytes at a time."""
    return _continued(upload_id)


@blueprint.delete("/<upload_id>")
@answers({204: None}, refuses=(409, 410, 412), headers=_TUS)
def end_upload(upload_id: str) -> Response:
    """Give the upload up; its bytes are gone."""
    return _ended(upload_id)


@blueprint.post("/<upload_id>")
@answers(
    {204: None},
    refuses=(400, 409, 410, 412, 413, 415, 460, 507),
    takes_bytes=resumable.BYTES,
    headers=_PIECE | {"X-HTTP-Method-Override": {"enum": ["PATCH", "DELETE"]}},
)
@rates.uncounted
def upload_by_post(upload_id: str) -> Response:
    """PATCH or DELETE, as X-HTTP-Method-Override says, for clients that can only POST."""
    meant = request.headers.get("X-HTTP-Method-Override", "").upper()
    if meant == "DELETE":
        return _ended(upload_id)
    return _continued(upload_id)


def _own(upload_id: str) -> partial.Partial:
    return partial.of_user(guard.caller().id, upload_id)


def _continued(upload_id: str) -> Response:
    resumable.check_version()
    upload = _own(upload_id)
    resumable.add(upload)
    return resumable.shown(upload, make_response("", 204))


def _ended(upload_id: str) -> Response:
    resumable.check_version()
    upload = _own(upload_id)
    with partial.opened(upload):
        partial.remove(upload)
    return make_response("", 204)
