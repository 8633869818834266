"""Names that differ in their writing alone (Unicode's NFKC) are one name."""

import unicodedata

from peewee import CharField, Database, Model
from playhouse.migrate import SchemaMigrator

MOST = 50


class User(Model):
    """The columns that are read and written here."""

    id = CharField(primary_key=True)
    username = CharField()
    username_folded = CharField()

    class Meta:
        table_name = "users"


def up(_: SchemaMigrator, db: Database) -> None:
    """Fold the names that are there anew. Of two that are one now, or for a name that has become
    too long, the account gets its id behind its name, by which an administrator finds it."""
    with db.bind_ctx([User]):
        rows = list(User.select().order_by(User.id))
        taken = {row.username_folded for row in rows}
        for row in rows:
            folded = _folded(row.username)
            if folded == row.username_folded:
                continue
            if folded in taken or len(folded) > MOST:
                row.username = folded = f"{_folded(row.username)[: MOST - 37]}-{row.id}"
            taken.add(folded)
            row.username_folded = folded
            row.save()


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
