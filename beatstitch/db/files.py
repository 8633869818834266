"""Which files the rows name: every column that holds a storage key is of the one kind `KeyField`.

Whoever checks, backs up or sweeps the storage asks here and never has a list of tables of its own,
which the next table would be missing from. Knows no storage.
"""

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TypeVar, cast

from peewee import Expression, Model

from beatstitch import db
from beatstitch.db import base

V = TypeVar("V")


class KeyField(base.Column[V]):
    """A column that names a file of the row's project by its storage key.

    `size` and `sha256` name columns beside it that say what the file is; when the column `gone` is
    set, the file was cleaned away and the row only remembers it. `is_cache`: the file can be made
    again, and the row with it.
    """

    field_type = "TEXT"

    def __init__(
        self,
        size: str | None = None,
        sha256: str | None = None,
        gone: str | None = None,
        is_cache: bool = False,
        **options: bool,
    ) -> None:
        super().__init__(**options)
        self.size = size
        self.sha256 = sha256
        self.gone = gone
        self.is_cache = is_cache


@dataclass(frozen=True, slots=True)
class Named:
    """A file that a row names in `column`; its size and its SHA-256 in hex, where the row knows.

    `is_cache`: it can be made again, and the row with it.
    """

    key: str
    column: str
    size_bytes: int | None
    sha256: str | None
    is_cache: bool


def named(project_id: str | None = None) -> Iterator[Named]:
    """Every file that a row names, or every one that a row of this project names."""
    for model in tables():
        rows = model.select()
        if project_id is not None:
            rows = rows.where(_belongs_to(model, project_id))
        for row in rows.iterator():
            yield from _of_row(row)


def is_still(file: Named) -> bool:
    """Whether a row says the same of the file now."""
    table, _, column = file.column.partition(".")
    model = next(model for model in tables() if model._meta.table_name == table)
    rows = model.select().where(model._meta.fields[column] == file.key)
    return any(file in _of_row(row) for row in rows)


@cache
def tables() -> tuple[type[Model], ...]:
    """The tables with such columns. All modules of the room are asked, imported yet or not."""
    for module in pkgutil.iter_modules(db.__path__):
        import_module(f"{db.__name__}.{module.name}")
    return tuple(model for model in base.Row.__subclasses__() if _columns(model))


@cache
def _columns(model: type[Model]) -> tuple[KeyField[str], ...]:
    return tuple(field for field in model._meta.sorted_fields if isinstance(field, KeyField))


def _of_row(row: Model) -> Iterator[Named]:
    for column in _columns(type(row)):
        key: str | None = getattr(row, column.name)
        if key is None or (column.gone and getattr(row, column.gone) is not None):
            continue
        yield Named(
            key=key,
            column=f"{row._meta.table_name}.{column.name}",
            size_bytes=getattr(row, column.size) if column.size else None,
            sha256=getattr(row, column.sha256) if column.sha256 else None,
            is_cache=column.is_cache,
        )


def _belongs_to(model: type[Model], project_id: str) -> Expression:
    """That a row is of the project, by its own column or by the row that it belongs to."""
    for reference in model._meta.refs:
        if reference.name == "project":
            return cast(Expression, reference == project_id)
        owner = reference.rel_model
        owners = owner.select(owner.id).where(_belongs_to(owner, project_id))
        return cast(Expression, reference.in_(owners))
    raise TypeError(f"{model.__name__} belongs to no project")
