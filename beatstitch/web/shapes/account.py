"""Accounts and logins."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from beatstitch.db import quotas
from beatstitch.db.users import MAX_USERNAME, User, folded
from beatstitch.limits import MAX_RENDERS_PER_USER
from beatstitch.web import passwords
from beatstitch.web.openapi import Body, Moment, Shown
from beatstitch.web.shapes.keys import AnyScope

# Of the letters and marks, those that nobody sees (Default_Ignorable_Code_Point of Unicode).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
# Alphabets with letters that look the same: a name of two of them is there to be mistaken for
# another (Unicode Technical Standard 39, 5.1).
_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})


def _normal(username: object) -> object:
    return unicodedata.normalize("NFKC", username) if isinstance(username, str) else username


def _short_in_every_case(username: str) -> str:
    # "ß" is "ss" where Anna is anna, and that is what the column holds.
    if len(folded(username)) > MAX_USERNAME:
        raise ValueError(f"must have at most {MAX_USERNAME} letters, in lower case too")
    return username


def _plain_to_see(username: str) -> str:
    if _UNSEEN.search(username):
        raise ValueError("must not have letters that can't be seen")
    alphabets = {unicodedata.name(letter, "").partition(" ")[0] for letter in username}
    if len(alphabets & _ALIKE) > 1:
        raise ValueError("must not mix alphabets whose letters look alike")
    return username


Username = Annotated[
    str,
    Field(min_length=3, max_length=MAX_USERNAME, pattern=r"^[\w.@+-]+$"),
    AfterValidator(_short_in_every_case),
    AfterValidator(_plain_to_see),
    BeforeValidator(_normal),
]


def _within_bcrypt(password: str) -> str:
    size = len(password.encode())
    if not passwords.MIN_BYTES <= size <= passwords.MAX_BYTES:
        raise ValueError(
            f"must have {passwords.MIN_BYTES} to {passwords.MAX_BYTES} bytes in UTF-8; "
            f"this has {size}"
        )
    return password


GivenPassword = Annotated[str, Field(max_length=1000)]
NewPassword = Annotated[GivenPassword, AfterValidator(_within_bcrypt)]


class Registration(Body):
    """A new account."""

    username: Username
    password: NewPassword


class Login(Body):
    """A name and its password."""

    username: Annotated[str, Field(max_length=1000)]
    password: GivenPassword


class PasswordChange(Body):
    """The password so far and the one from now on."""

    current_password: GivenPassword
    new_password: NewPassword


class NewUser(Shown):
    """An account that was just made."""

    id: str
    username: str
    created_at: Moment


class UserName(Shown):
    """Who somebody is."""

    id: str
    username: str


class LoggedIn(Shown):
    """A token, for how many seconds, and whose."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    user: UserName


class Usage(Shown):
    """How much of something is used, and how much may be."""

    used: int
    limit: int


class Me(Shown):
    """The caller, what they may, and limits with usage; `renders` are those under way, and more
    wait in the queue."""

    id: str
    username: str
    created_at: Moment
    scopes: list[AnyScope]
    projects: Usage
    media: Usage
    bytes: Usage
    renders: Usage

    @staticmethod
    def of(user: User, scopes: Collection[AnyScope], used: Mapping[str, int]) -> "Me":
        """From the row, and what of each has been used."""
        most = quotas.allowance(user)
        return Me(
            id=user.id,
            username=user.username,
            created_at=user.created_at,
            scopes=list(scopes),
            projects=Usage(used=used["projects"], limit=most.projects),
            media=Usage(used=used["media"], limit=most.media),
            bytes=Usage(used=user.bytes_used, limit=most.bytes),
            renders=Usage(used=used["renders"], limit=MAX_RENDERS_PER_USER),
        )
