"""Columns of personal data are marked when a table is read, and those of persons become ids."""

import polars as pl
import pytest

import tidemill as tm
from tidemill.core.errors import SchemaError

NAMES = [f"{given} {family}" for given in ("Anna", "Ben", "Carla", "David") for family in
         ("Lee", "Smith", "Jones", "Brown", "Miller")] * 3  # fmt: skip


def table(**columns):
    return pl.DataFrame({"full_name": NAMES, "age": [20 + i % 50 for i in range(60)], **columns})


def test_names_are_ids_of_which_nothing_is_learned():
    column = tm.read(table()).schema["full_name"]
    assert (column.kind, column.personal, column.kept) == ("id", "names of people", False)
    assert not any(name in column.reason for name in NAMES)
    assert column not in tm.read(table()).schema.modelled


def test_kept_names_are_learned_as_they_are():
    column = tm.read(table(), keep=["full_name"]).schema["full_name"]
    assert (column.kind, column.personal, column.kept) == ("category", "names of people", True)


def test_births_stay_dates_whose_values_are_personal():
    births = pl.Series([f"19{40 + i % 60}-03-1{i % 9}" for i in range(60)]).str.to_date()
    column = tm.read(table(birth_date=births)).schema["birth_date"]
    assert (column.kind, column.personal) == ("datetime", "dates of birth")


def test_a_text_with_an_address_somewhere_stays_a_text():
    notes = [f"the customer called about order {i} and asked us to wait a bit" for i in range(59)]
    column = tm.read(table(note=[*notes, "write to anna.lee@mail.com please"])).schema["note"]
    assert (column.kind, column.personal) == ("text", "e-mail addresses")


@pytest.mark.parametrize(
    ("settings", "kind", "personal"),
    [("personal = false", "category", ""), ("keep = true", "category", "names of people")],
)
def test_a_schema_file_decides(tmp_path, settings, kind, personal):
    file = tmp_path / "schema.toml"
    file.write_text(f"[columns.full_name]\n{settings}\n[columns.age]\npersonal = true\n")
    schema = tm.read(table(), schema=file).schema
    assert (schema["full_name"].kind, schema["full_name"].personal) == (kind, personal)
    assert (schema["age"].kind, schema["age"].personal) == ("id", "personal data")


def test_a_target_of_names_is_refused_with_the_way_out():
    with pytest.raises(SchemaError, match="the target holds names of people") as error:
        tm.read(table(), target="full_name")
    assert "keep=full_name" in error.value.hint
    assert tm.read(table(), target="full_name", keep=["full_name"]).target.kind == "category"
