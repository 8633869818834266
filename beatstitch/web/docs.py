"""The API's description, for programs and, on a page that needs no other server, for people."""

from pathlib import Path

from flask import Blueprint, Response, jsonify

from beatstitch.web import guard
from beatstitch.web.openapi import document

PAGE = Path(__file__).with_name("docs.html")
blueprint = Blueprint("docs", __name__, url_prefix="/api")


@blueprint.get("/openapi.json")
@guard.open_to_all
def openapi_document() -> Response:
    """OpenAPI 3.1."""
    return jsonify(document())


@blueprint.get("/docs")
@guard.open_to_all
def docs_page() -> Response:
    """A page that reads the document and lets one try the calls."""
    response = Response(PAGE.read_text(), mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; connect-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'"
    )
    return response
