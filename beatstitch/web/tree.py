"""spectree as it is used here: strict about JSON, blind to files and streams, quick to start.

Knows spectree's inside, so that `openapi` needn't.
"""

from typing import Any, cast

from flask import Request, Response
from pydantic import ValidationError
from spectree import SpecTree
from spectree.plugins.base import Context
from spectree.plugins.flask_plugin import FlaskPlugin
from spectree.utils import get_multidict_items

from beatstitch.web import bodies


class Plugin(FlaskPlugin):
    """spectree for Flask, with strict JSON, and with files and streams left alone."""

    def request_validation(
        self, request: Request, query: Any, json: Any, form: Any, headers: Any, cookies: Any
    ) -> None:
        read = self.model_adapter.validate_obj
        request.context = Context(  # type: ignore[attr-defined]  # spectree's own attribute
            read(query, get_multidict_items(request.args, query)) if query else None,
            read(json, bodies.read_json(json.max_bytes)) if json else None,
            *(None, None, None),
        )

    def validate_response(self, resp: Any, *how: Any) -> tuple[Response, ValidationError | None]:
        if isinstance(resp, Response):
            return resp, None
        return cast(
            "tuple[Response, ValidationError | None]", super().validate_response(resp, *how)
        )


class Tree(SpecTree):
    """Makes a model's schema once. For each route anew, the errors' alone among them, that was half
    of the server's start: 1.2 s of CPU."""

    def __init__(self, *how: Any, **more: Any) -> None:
        self._made: dict[tuple[Any, str], Any] = {}
        super().__init__(*how, **more)

    def _add_model(self, model: Any, mode: Any = "validation") -> str:
        name = self.naming_strategy(model)
        if (model, mode) in self._made:
            self.models[name] = self._made[model, mode]
        else:
            super()._add_model(model, mode)
            self._made[model, mode] = self.models[name]
        return name
