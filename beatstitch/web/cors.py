"""Which pages of other sites may call the API from a browser: those of `CORS_ORIGINS`, no others.

They show a token or a key, never a cookie: the cookie of a login stays with its own site, so no
credentials are allowed here (the Fetch standard, section 3.3).
"""

from flask import Flask, Response, request

from beatstitch.settings import Settings

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "If-Range"),
    *("Range", "Last-Event-ID", "X-API-Key", "X-HTTP-Method-Override", "X-Request-ID"),
    *("Tus-Resumable", "Upload-Checksum", "Upload-Length", "Upload-Metadata", "Upload-Offset"),
)
READ = (
    *("Content-Disposition", "Content-Range", "ETag", "Idempotency-Replayed", "Location"),
    *("Retry-After", "X-Request-ID", "Tus-Resumable", "Upload-Expires", "Upload-Length"),
    *("Upload-Offset",),
)
ASKED_AGAIN_S = 600


def install(app: Flask, here: Settings) -> None:
    """Answer browsers that ask before they call, and let the pages of these origins read."""
    origins = frozenset(here.origins())
    if not origins:
        return

    def answer_preflight() -> Response | None:
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        return Response(status=204)

    def allow(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin not in origins:
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = ", ".join(READ)
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = ", ".join(SENT)
            response.headers["Access-Control-Max-Age"] = str(ASKED_AGAIN_S)
        return response

    app.before_request(answer_preflight)
    app.after_request(allow)
