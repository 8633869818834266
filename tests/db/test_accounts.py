"""The rows of accounts, on both databases: keys, kept answers, the audit log, presets, quotas."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from beatstitch.db import (
    api_keys,
    audit,
    base,
    kept_answers,
    media,
    presets,
    projects,
    quotas,
    usage,
    users,
)
from beatstitch.db.users import User
from beatstitch.errors import BeatstitchError, Conflict, LimitReached


@pytest.fixture
def anna(any_database: str) -> User:
    """An account on a database of each kind."""
    return users.create("anna", "hash")


def _at_once(count: int, act: Callable[[], object]) -> list[object]:
    """What `act` gives or raises, done by so many connections at once."""
    ready = threading.Barrier(count)
    given: list[object] = []

    def run() -> None:
        ready.wait()
        try:
            given.append(act())
        except BeatstitchError as refused:
            given.append(refused.code)
        base.disconnect()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def test_a_key_is_kept_found_turned_and_gone(anna: User) -> None:
    key = api_keys.add(
        anna.id,
        name="shop",
        prefix="first",
        secret_hash="x" * 64,
        scopes=["read", "admin"],
        expires_at=None,
        rates={"read": "5/10"},
    )

    turned = api_keys.replace_secret(key.id, "second", "y" * 64)
    api_keys.note_use(turned, base.utc_now())

    assert api_keys.by_prefix("first") is None
    found = api_keys.by_prefix("second")
    assert found is not None
    assert (found.scopes, found.rates) == (["read", "admin"], {"read": "5/10"})
    assert found.last_used_at is not None
    api_keys.delete(key.id)
    assert api_keys.count_of_user(anna.id) == 0


def test_of_many_claims_at_once_one_is_ours(anna: User) -> None:
    now = base.utc_now()

    def claim() -> bool:
        mine = base.new_id()
        return kept_answers.claim(anna.id, "key", "x" * 64, mine, now).claim == mine

    assert sum(map(bool, _at_once(6, claim))) == 1


def test_an_answer_is_kept_and_forgotten(anna: User) -> None:
    now, mine = base.utc_now(), base.new_id()
    first = kept_answers.claim(anna.id, "key", "x" * 64, mine, now)

    kept_answers.keep(anna.id, "key", "somebody else's", {"status": 500})
    kept_answers.keep(anna.id, "key", mine, {"status": 201})
    second = kept_answers.claim(anna.id, "key", "x" * 64, base.new_id(), now)

    assert (first.answer, second.answer, second.claim) == (None, {"status": 201}, mine)
    assert kept_answers.prune(now + kept_answers.KEPT + timedelta(seconds=1)) == 1


def test_deeds_are_written_and_read_by_page(anna: User) -> None:
    for n in range(3):
        audit.note("login", actor="nobody", user_id=anna.id, subject=str(n))
    audit.note("login_failed", actor="nobody")

    newest = audit.page(2, user_id=anna.id)
    rest = audit.page(2, user_id=anna.id, before=newest[-1].id)

    assert [deed.subject for deed in newest + rest] == ["2", "1", "0"]
    assert (audit.count(), audit.count(action="login_failed")) == (4, 1)
    assert audit.prune(base.utc_now() + timedelta(seconds=1)) == 4


def test_a_preset_has_its_name_alone(anna: User) -> None:
    presets.create(anna.id, "fast", {"beats_per_cut": 1})

    with pytest.raises(Conflict):
        presets.create(anna.id, "fast", {})

    assert [preset.settings for preset in presets.page(anna.id, 9)] == [{"beats_per_cut": 1}]


def test_the_last_room_is_given_once(anna: User) -> None:
    users.set_limits(anna.id, {"max_bytes": 250})

    taken = _at_once(5, lambda: quotas.take(anna.id, 100))

    assert sorted(map(str, taken)) == ["None"] * 2 + ["quota_exceeded"] * 3
    assert users.by_id(anna.id).bytes_used == 200


def test_what_a_project_holds_is_summed_up(anna: User) -> None:
    project = projects.create(anna.id, "film")
    asset = media.add(
        project.id,
        asset_id=base.new_id(),
        filename="a.jpg",
        media_type="image",
        file_size=70,
        checksum="x" * 64,
        original_key="uploads/a.jpg",
    )

    assert usage.of_project(project.id) == users.by_id(anna.id).bytes_used == 70
    assert usage.stored_bytes() == (70, 0)
    assert usage.recount(anna.id) == 0
    media.delete(asset)
    assert users.by_id(anna.id).bytes_used == 0
    with pytest.raises(LimitReached):
        quotas.take(anna.id, 10**15)
