"""API keys: made, listed, given another secret, revoked."""

from datetime import UTC, datetime

from flask import Blueprint, Response, make_response

from beatstitch.db import api_keys, base
from beatstitch.errors import Forbidden
from beatstitch.web import guard, keys, witness
from beatstitch.web.openapi import answers
from beatstitch.web.pages import PageQuery, cut
from beatstitch.web.shapes.keys import Key, KeyList, KeyMade, NewKey

blueprint = Blueprint("keys", __name__, url_prefix="/api/keys")


@blueprint.get("")
@answers({200: KeyList})
@guard.needs("account")
def list_keys(query: PageQuery) -> KeyList:
    """My keys, newest first, without their secrets."""
    user = guard.caller()
    rows, next_cursor = cut(api_keys.page(user.id, query.limit + 1, query.cursor), query.limit)
    return KeyList(
        items=[Key.of(row) for row in rows],
        next_cursor=next_cursor,
        total=api_keys.count_of_user(user.id),
    )


@blueprint.post("")
@answers({201: KeyMade})
@guard.needs("account")
def make_key(json: NewKey) -> tuple[KeyMade, int, dict[str, str]]:
    """Make a key. Its text is in this answer and nowhere else; it may no more than who asks."""
    lacking = [scope for scope in json.scopes if scope not in guard.scopes()]
    if lacking:
        raise Forbidden(
            "forbidden", f"You can't give what you don't have: {', '.join(lacking)}.", lacks=lacking
        )
    with base.transaction():
        key, text = keys.issue(
            guard.caller().id,
            name=json.name,
            scopes=json.scopes,
            now=datetime.now(UTC),
            expires_in_days=json.expires_in_days,
        )
        witness.note("key_issued", subject=f"bs_{key.prefix}")
    return KeyMade.made(key, text), 201, _SECRET


@blueprint.post("/<key_id>/rotate")
@answers({200: KeyMade})
@guard.needs("account")
def rotate_key(key_id: str) -> tuple[KeyMade, int, dict[str, str]]:
    """Give the key another text; the one before is void at once."""
    with base.transaction():
        before = api_keys.of_user(guard.caller().id, key_id)
        _require_within_reach(before)
        key, text = keys.rotate(before.id)
        witness.note("key_rotated", subject=f"bs_{before.prefix} is bs_{key.prefix}")
    return KeyMade.made(key, text), 200, _SECRET


@blueprint.delete("/<key_id>")
@answers({204: None})
@guard.needs("account")
def revoke_key(key_id: str) -> Response:
    """The key opens nothing any more."""
    with base.transaction():
        key = api_keys.of_user(guard.caller().id, key_id)
        api_keys.delete(key.id)
        witness.note("key_revoked", subject=f"bs_{key.prefix}")
    return make_response("", 204)


_SECRET = {"Cache-Control": "no-store"}


def _require_within_reach(key: api_keys.ApiKey) -> None:
    """Raise Forbidden for a key that may more than who asks: its new text would be theirs."""
    lacking = [scope for scope in key.scopes if scope not in guard.scopes()]
    if lacking:
        raise Forbidden(
            "forbidden",
            f"This key may more than you: {', '.join(lacking)}. Its maker has to rotate it.",
            lacks=lacking,
        )
