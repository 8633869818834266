"""One set of schemas that checks requests, writes answers and describes both (OpenAPI 3.1).

`answers` stands on every route; spectree reads the route's annotations and does the rest. What is
ours here: JSON is read strictly (`bodies`), a refusal keeps the place where it happened, files and
streams pass as they are, and the document is finished where spectree leaves it open.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, cast

from flask import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from spectree import Response as Described
from spectree import SecurityScheme, SecuritySchemeData
from spectree.models import InType, SecureType
from spectree.response import DEFAULT_CODE_DESC

from beatstitch import __version__
from beatstitch.documents import said
from beatstitch.web import bodies, guard, links
from beatstitch.web.problems import Refused
from beatstitch.web.tree import Plugin, Tree

Route = Callable[..., Response]
B = TypeVar("B", bound="Body")
# tus has a status of its own for bytes that are not those of their checksum.
DEFAULT_CODE_DESC.setdefault("HTTP_460", "Checksum Mismatch")


class Body(BaseModel):
    """A JSON body that is sent to us: its names are ours alone, and "4" is no number."""

    model_config = ConfigDict(extra="forbid", strict=True)
    max_bytes: ClassVar[int] = bodies.MAX_BYTES


class Query(BaseModel):
    """The query of an address. Names of its models end in Query, which tells a refusal where."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """Something that is sent by us. Times are RFC 3339 in UTC."""

    model_config = ConfigDict(frozen=True)


def _whole_ms(moment: datetime) -> datetime:
    return _EPOCH + timedelta(milliseconds=round((moment - _EPOCH) / timedelta(milliseconds=1)))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_whole_ms)]
"""A time in an answer: to the millisecond, as rows keep it, so that it reads the same each time."""


class Fault(Shown):
    """One place of a request that is wrong."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class Problem(Shown):
    """What every error looks like; `error` is stable, `message` is for people."""

    error: str
    message: str
    request_id: str
    details: dict[str, object] | None = None
    detail: list[Fault] | None = None


def _before(_request: Any, _response: Any, refused: Exception | None, *_rest: object) -> None:
    if isinstance(refused, ValidationError):
        raise _refusal("query" if refused.title.endswith("Query") else "body", refused)


def _refusal(place: str, refused: ValidationError) -> Refused:
    faults = refused.errors(include_input=False, include_url=False, include_context=False)
    return Refused(
        [
            {"loc": (place, *fault["loc"]), "msg": said(fault["msg"]), "type": fault["type"]}
            for fault in faults
        ]
    )


def _after(_request: Any, _response: Any, broken: Exception | None, *_rest: object) -> None:
    if broken is not None:
        raise RuntimeError("an answer breaks its own schema") from broken


_tree = Tree(
    "flask",
    backend=Plugin,
    title="BeatStitch",
    version=__version__,
    description="Cuts photos and clips to the beat of a song.",
    openapi_version="3.1.0",
    annotations=True,
    mode="strict",
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    before=_before,
    after=_after,
    validation_error_model=Problem,
    security_schemes=[
        SecurityScheme(
            name="bearer",
            data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer", bearer_format="JWT"),
        ),
        SecurityScheme(
            name="key",
            data=SecuritySchemeData(
                type=SecureType.API_KEY, name="X-API-Key", field_in=InType.HEADER
            ),
        ),
        SecurityScheme(
            name="link",
            data=SecuritySchemeData(
                type=SecureType.API_KEY, name=links.SIGNATURE, field_in=InType.QUERY
            ),
        ),
        SecurityScheme(
            name="cookie",
            data=SecuritySchemeData(
                type=SecureType.API_KEY, name=guard.COOKIE, field_in=InType.COOKIE
            ),
        ),
    ],
    page_templates={},
)


def answers(
    gives: Mapping[int, type[BaseModel] | None],
    *,
    refuses: tuple[int, ...] = (),
    takes: type[BaseModel] | None = None,
    instead: type[BaseModel] | None = None,
    takes_bytes: str | None = None,
    headers: Mapping[str, Mapping[str, object]] | None = None,
    file: str | None = None,
    is_stored: bool = True,
) -> Callable[[Callable[..., object]], Route]:
    """Check and describe a route: what it gives by status, and which errors it has of its own.

    `takes` describes a multipart body, which the route reads itself, and `instead` a JSON body in
    its place (`body_of`); `takes_bytes` is the content type of mere bytes, `headers` are those the
    route reads, with their schemas. `file` is the content type of what it gives instead of JSON,
    with ranges and conditions if that is stored. What follows from what the route is (a token, an
    id in its path, a body, a file) is added.
    """

    def decorate(view: Callable[..., object]) -> Route:
        is_download = file is not None and is_stored
        given = {**gives, **(_OF_A_FILE if is_download else {})}
        codes: dict[str, Any] = {f"HTTP_{status}": model for status, model in given.items()}
        for status in sorted({*refuses, *_usual_errors(view, takes, is_download)} - set(given)):
            codes[f"HTTP_{status}"] = Problem
        if file is not None:
            _files[view.__name__] = file
        if instead is not None:
            _instead[view.__name__] = instead
        if takes_bytes is not None:
            _bytes[view.__name__] = takes_bytes
        for header, schema in (headers or {}).items():
            takes_header(view.__name__, {"name": header, "schema": schema})
        _scopes[view.__name__] = getattr(view, "scope", None)
        is_open = getattr(view, "is_open_to_all", False)
        ways: list[dict[str, list[str]]] = [{"bearer": []}, {"key": []}, {"cookie": []}]
        if is_download:
            view.__dict__["is_download"] = True
            ways.append({"link": []})
        described = _tree.validate(
            form=takes,
            resp=Described(**codes),
            tags=[view.__module__.rpartition(".")[2]],
            security=[] if is_open else ways,
            operation_id=view.__name__,
        )
        return cast(Route, described(view))

    return decorate


_BYTES = {"type": "string", "format": "binary"}
_OF_A_FILE = {200: None, 206: None, 304: None}


def _usual_errors(
    view: Callable[..., object], takes: type[BaseModel] | None, is_download: bool
) -> set[int]:
    names = set(inspect.signature(view).parameters)
    usual = {422, 500, 503}
    if not getattr(view, "is_open_to_all", False):
        usual |= {401, 403, 429}
    if "json" in names or takes is not None:
        usual |= {400, 413, 415}
    if takes is not None:
        usual |= {507}
    if is_download:
        usual |= {412, 416}
    if any(name.endswith("_id") for name in names):
        usual |= {404}
    return usual


_files: dict[str, str] = {}
_scopes: dict[str, str | None] = {}
_instead: dict[str, type[BaseModel]] = {}
_bytes: dict[str, str] = {}
_headers: dict[str, list[dict[str, object]]] = {}


_conflicts: set[str] = set()


def takes_header(
    view_name: str, parameter: Mapping[str, object], *, may_conflict: bool = False
) -> None:
    """Describe a header that a route takes, and whether it may be answered by 409."""
    if may_conflict:
        _conflicts.add(view_name)
    _headers.setdefault(view_name, []).append({"in": "header", "required": False, **parameter})


def body_of(model: type[B]) -> B:
    """The request's JSON body as this model. Raises Refused, Malformed, UnsupportedMedia."""
    try:
        return model.model_validate(bodies.read_json(model.max_bytes))
    except ValidationError as refused:
        raise _refusal("body", refused) from refused


@cache
def document() -> dict[str, Any]:
    """The description of every route that `answers` stands on. Needs an app context once."""
    spec: dict[str, Any] = _tree.spec
    for path in spec["paths"].values():
        for method, operation in path.items():
            _finish(operation, spec["components"]["schemas"])
            scope = _scopes[operation["operationId"]] or guard.scope_of(method.upper())
            for way in operation["security"]:
                way.update({name: [scope] for name in way})
    return spec


def _finish(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say what spectree can't know: that ids are UUIDs, which bodies may be left out, and which
    answers are bytes."""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"] = {"type": "string", "format": "uuid"}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"]["$ref"].rpartition("/")[2]
        operation["requestBody"]["required"] = "required" in schemas[name]
    name = operation["operationId"]
    operation["parameters"].extend(_headers.get(name, ()))
    if name in _conflicts:
        refusal = {**operation["responses"]["422"], "description": "Conflict"}
        operation["responses"].setdefault("409", refusal)
    if model := _instead.get(name):
        schemas[model.__name__] = model.model_json_schema()
        content = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
        operation["requestBody"]["content"]["application/json"] = content
    if content_type := _bytes.get(name):
        operation["requestBody"] = {"content": {content_type: {"schema": _BYTES}}, "required": True}
    if content_types := _files.get(name):
        content = {
            kind: {"schema": {"type": "object"} if kind == "application/json" else _BYTES}
            for kind in content_types.split(", ")
        }
        for status in {"200", "206"} & operation["responses"].keys():
            operation["responses"][status]["content"] = content
