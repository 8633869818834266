"""Files that are missing, too short or changed are found, by the row that names them."""

from beatstitch.db import base, files, media, outputs
from beatstitch.inventory import verify
from beatstitch.storage import Storage


def wrong(place: Storage, *, reads_all: bool = True) -> dict[str, str | None]:
    """What is wrong with which file."""
    checked = verify.check(place, reads_all=reads_all)
    return {each.file.key: each.wrong for each in checked if each.wrong is not None}


def test_a_whole_project_has_nothing_wrong(place: Storage, project: str) -> None:
    assert wrong(place) == {}
    assert len(list(files.named())) == len(list(files.named(project))) >= 9


def test_every_fault_is_told_apart(place: Storage, project: str) -> None:
    one, two = (asset.original_key for asset in media.of_project(project))
    place.fetch(one).write_bytes(b"short")
    content = place.fetch(two).read_bytes()
    place.fetch(two).write_bytes(content[:-1] + b"!")
    thumbnail = str(media.of_project(project)[0].thumbnail_key)
    place.delete(thumbnail)

    assert wrong(place) == {one: "size", two: "checksum", thumbnail: "missing"}
    assert wrong(place, reads_all=False) == {one: "size", thumbnail: "missing"}


def test_a_film_that_was_cleaned_away_is_not_missed(place: Storage, project: str) -> None:
    for film in outputs.of_project(project):
        outputs.mark_removed(film.id, base.utc_now())
        place.delete(film.storage_key)

    assert wrong(place) == {}


def test_what_goes_while_files_are_read_is_not_missed(place: Storage, project: str) -> None:
    checked = verify.check(place)
    next(checked)

    *_, asset = media.of_project(project)
    media.delete(asset)
    for key in media.keys(asset):
        place.delete(key)

    assert {each.wrong for each in checked} == {None}


def test_every_column_that_names_a_file_is_known_to_do_so(app: object) -> None:
    """A sweep removes what no such column names, so a new one must not be forgotten. What ends in
    _key and names no file stands in `others`."""
    files.tables()
    others = {"unique_key"}
    suspects = [
        f"{model.__name__}.{field.name}"
        for model in base.Row.__subclasses__()
        for field in model._meta.sorted_fields
        if field.name.endswith("_key") and field.name not in others
        if not isinstance(field, files.KeyField)
    ]

    assert suspects == []


def test_every_table_with_files_leads_to_a_project(app: object) -> None:
    for model in files.tables():
        assert files._belongs_to(model, "any") is not None
