"""Files with the mess of real ones: the commands read in them what a person sees."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import tidemill as tm
from tests.e2e import messy_files as messy
from tests.e2e.conftest import Outcome, Tidemill


@dataclass(frozen=True)
class Opened:
    """What `read` and `clean` say of a file.

    Attributes:
        columns: What `read` says of each column.
        aside: The lines that are no rows.
        told: The warnings of `read`.
        table: The cleaned table.
        issues: What `clean` says, by check.
        log: The changed cells.
    """

    columns: dict[str, dict[str, Any]]
    aside: list[str]
    told: str
    table: pl.DataFrame
    issues: dict[str, str]
    log: pl.DataFrame

    @property
    def kinds(self) -> dict[str, str]:
        return {name: column["kind"] for name, column in self.columns.items()}

    def holds(self, name: str, values: list[Any]) -> None:
        assert self.table[name].to_list() == values


Open = Callable[..., Opened]


def _events(outcome: Outcome, sort: str) -> Iterator[dict[str, Any]]:
    assert outcome.code == 0, outcome.err
    events = map(json.loads, outcome.out.splitlines())
    return (event for event in events if event["kind"] == sort)


@pytest.fixture
def opened(tmp_path: Path, tidemill: Tidemill) -> Open:
    def call(path: Path, *options: str) -> Opened:
        read = tidemill("read", path, "--json", *options)
        [result] = _events(read, "result")
        out, log = tmp_path / "clean.parquet", tmp_path / "log.csv"
        done = tidemill(
            "clean", path, "--json", "--out", out, "--log", log, "--overwrite", *options
        )
        issues: dict[str, list[str]] = {}
        for event in _events(done, "result"):
            if "issue" in event:
                issues.setdefault(event["issue"]["check"], []).append(event["text"])
        return Opened(
            {column["column"]: column for column in result["columns"]},
            [line["text"] for line in result["aside"]],
            "\n".join(event["text"] for event in _events(read, "warning")),
            pl.read_parquet(out),
            {check: "\n".join(texts) for check, texts in issues.items()},
            pl.read_csv(log, infer_schema=False),
        )

    return call


def _made(path: Path, rows: int, **options: Any) -> pl.DataFrame:
    """New rows of a model that was learned from the cleaned file."""
    cleaned = tm.clean(tm.read(path, **options)).data
    new = tm.fit(cleaned, seed=1).sample(rows, seed=2)
    assert isinstance(new, pl.DataFrame)
    return new


def _column(truth: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in truth]


def test_sensors_with_markers_empty_rows_and_a_column_of_commas(
    tmp_path: Path, opened: Open
) -> None:
    path, truth = messy.sensors(tmp_path)
    seen = opened(path)
    for name in ("CO(GT)", "NO2(GT)", "RH", "AH", "Date"):
        seen.holds(name, _column(truth, name))
    assert seen.table["Time"][0].hour == 18
    assert "30 rows hold no value at all" in seen.issues["rows"]
    assert "-200 plainly stands for a missing value" in seen.issues["missing"]
    assert "',,,,,' is the same in every row" in seen.issues["constant"]
    assert "never above" not in seen.issues["rules"]
    cells = seen.log.filter(pl.col("check") == "missing")
    assert set(cells["before"]) <= {"-200", "-200.0"}
    assert cells["after"].null_count() == len(cells)


def test_a_survey_of_which_cells_hold_several_answers(tmp_path: Path, opened: Open) -> None:
    path = messy.survey(tmp_path)
    seen = opened(path)
    assert "'Why or why not?' (2 times)" in seen.told
    assert "Why or why not? (2)" in seen.kinds
    conditions = [name for name in seen.kinds if name.startswith("If so, what condition(s)?: ")]
    assert [name.split("?: ")[1] for name in conditions] == list(messy.OPTIONS)
    assert "'What is your age?' is 300 to 400" in seen.issues["impossible"]
    assert seen.table["What is your age?"].max() < 70
    assert "known only where 'Are you self-employed?' is 0" in seen.issues["rules"]
    new = _made(path, 400, ignore=["Why or why not?", "Why or why not? (2)"])
    chosen = new["If so, what condition(s)?"].drop_nulls().str.split("|").explode()
    assert set(chosen) - {""} == set(messy.OPTIONS)  # "" names none of them
    at_home = new["What country do you live in?"] == "United States of America"
    assert new.filter(~at_home)["What US state do you live in?"].null_count() == (~at_home).sum()


def test_a_file_of_staff(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.staff(tmp_path)
    seen = opened(path)
    for name in ("Zip", "DOB", "DateofHire", "DateofTermination"):
        seen.holds(name, _column(truth, name))
    assert next(iter(seen.kinds)) == "Employee_Name"
    assert set(seen.table["Department"]) == {"Production", "IT/IS", "Sales"}
    assert "'Employee_Name' holds names of people" in seen.issues["personal"]
    assert "'DateofHire' is never later than 'DateofTermination'" in seen.issues["rules"]
    new = _made(path, 400)
    # ends are rounded outward, to a twentieth of what lies between them at most
    assert new["DOB"].max() - max(_column(truth, "DOB")) < timedelta(800)
    assert (new["DateofHire"] <= new["DateofTermination"]).drop_nulls().all()
    for state, start in messy.STATES.items():
        assert new.filter(pl.col("State") == state)["Zip"].str.starts_with(start).all()


def test_apps_with_prices_sizes_bounds_and_a_row_that_is_shifted(
    tmp_path: Path, opened: Open
) -> None:
    path, truth = messy.apps(tmp_path)
    seen = opened(path)
    for name in ("Rating", "Installs", "Price"):
        seen.holds(name, _column(truth, name))
    seen.holds("Last Updated", _column(truth, "day"))
    assert "cells in the wrong columns (row 201)" in seen.issues["rows"]
    assert seen.kinds["Size"] == "text"
    assert "'Varies with device'" in seen.told
    assert seen.table["Rating"].is_nan().sum() == 0


def test_names_behind_blanks_and_question_marks(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.communities(tmp_path)
    seen = opened(path, "--target", "ViolentCrimesPerPop")
    for name in ("county", "medIncome", "ViolentCrimesPerPop"):
        seen.holds(name, _column(truth, name))
    assert seen.columns["ViolentCrimesPerPop"]["role"] == "target"


def test_equal_sheets_and_ids_that_decide_names(tmp_path: Path, opened: Open) -> None:
    path = messy.meals(tmp_path)
    seen = opened(path)
    assert "has 3 sheets" in seen.told
    assert "meal_order_detail3" in seen.told
    assert set(seen.table["dishes_name"]) == {name.strip() for name in messy.DISHES}
    last = opened(Path(f"{path}?sheet=meal_order_detail3"))
    assert last.table["detail_id"].min() == 3556
    new = _made(path, 300)
    pairs = new.select("dishes_id", pl.col("dishes_name").str.strip_chars()).unique()
    assert pairs.height == len(messy.DISHES) == pairs["dishes_id"].n_unique()


def test_listings_with_prices_rates_and_texts_over_several_lines(
    tmp_path: Path, opened: Open
) -> None:
    path, truth = messy.listings(tmp_path)
    seen = opened(path)
    seen.holds("price", _column(truth, "price"))
    seen.holds("host_response_rate", _column(truth, "host_response_rate"))
    seen.holds("description", _column(truth, "text"))
    seen.holds("host_is_superhost", ["t" if one else "f" for one in _column(truth, "super")])
    assert seen.kinds["host_is_superhost"] == "boolean"
    assert seen.kinds["id"] == "id"
    assert seen.table["id"][1] == 10_000_000_000_007_919
    assert seen.kinds["last_review"] == "datetime"


def test_views_of_a_database(tmp_path: Path, opened: Open, tidemill: Tidemill) -> None:
    path = messy.films(tmp_path)
    refused = tidemill("read", f"{path}?table=customer_list")
    assert refused.code == 2
    assert "needs the function 'CONCAT_NAMES'" in refused.err
    seen = opened(Path(f"{path}?table=payments"))
    assert seen.table.height == 106
    assert seen.table["paid"].min() == 1.99
    assert str(seen.table["at"][0]) == "2005-07-02 21:08:29"


def test_a_register_below_a_title(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.register(tmp_path)
    seen = opened(path)
    for name in ("ИНН", "ФИО", "Дата регистрации", "Оборот, руб."):
        seen.holds(name, _column(truth, name))
    assert seen.aside[0].startswith("Реестр")
    assert seen.aside[-1].startswith("Источник")
    assert "'ФИО' holds names of people" in seen.issues["personal"]
    assert seen.kinds["ИНН"] == "id"


def test_arrests_below_a_title(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.arrests(tmp_path)
    seen = opened(path)
    for name in ("REL_DT", "LAST_NM", "AGE"):
        seen.holds(name, _column(truth, name))
    assert seen.aside == ["Arrests, May and June, all divisions"]
    assert "'LAST_NM'" in seen.issues["personal"]


def test_ten_rows_among_notes(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.deaths(tmp_path)
    seen = opened(path)
    assert seen.table.to_dicts() == truth
    assert len(seen.aside) == 7
    other = opened(Path(f"{path}?sheet=other"))
    assert other.table.to_dicts() == truth[::-1]


@pytest.mark.parametrize("statement", messy.STATEMENTS)
def test_chinese_statements(
    statement: Callable[[Path], messy.Statement], tmp_path: Path, opened: Open
) -> None:
    truth = statement(tmp_path)
    seen = opened(truth.path)
    assert seen.table.columns == truth.names
    seen.holds(*truth.when)
    for name, values in truth.amounts.items():
        seen.holds(name, values)
        assert seen.kinds[name] in ("number", "text")
    assert all(seen.kinds[name] == "id" for name in truth.names if name.endswith(("单号", "易号")))
    assert len(seen.aside) >= 2


def test_transfers_with_one_comma_too_many(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.transfers(tmp_path)
    seen = opened(path)
    assert "ends in a delimiter too many" in seen.told
    seen.holds("交易哈希", _column(truth, "交易哈希"))
    seen.holds("时间(UTC)", _column(truth, "UTC"))
    seen.holds("数量", _column(truth, "数量"))
    assert "'本地时间' = '时间(UTC)' + 8 hours" in seen.issues["rules"]
    assert "personal" not in seen.issues
    new = _made(path, 200)
    assert ((new["本地时间"] - new["时间(UTC)"]).dt.total_hours() == 8).all()
    assert new["交易哈希"].str.contains(r"^0x[0-9a-f]{64}$").all()
    assert set(new["交易哈希"]).isdisjoint(_column(truth, "交易哈希"))
    assert set(new["代币地址"]) <= set(seen.table["代币地址"])


def test_nested_records(tmp_path: Path, opened: Open) -> None:
    seen = opened(messy.nested(tmp_path))
    assert seen.table["_id"][1] == "5ca4bbcea2dd94ee58162001"
    assert str(seen.table["birthdate"][0]) == "1960-01-03 00:00:00+00:00"
    assert seen.table["location.address.city"].to_list() == ["Oslo", "Rome"] * 100
    assert seen.table["location.address.zipcode"][0] == "01000"
    assert seen.table["location.geo.coordinates.1"][7] == -93.7
    assert seen.table["accounts.count"].to_list()[:4] == [1, 2, 3, 1]
    assert "only the number of entries is kept: accounts, tier" in seen.told


def test_sizes_of_cans(tmp_path: Path, opened: Open) -> None:
    path = messy.cans(tmp_path)
    seen = opened(path)
    assert set(seen.table["ounces"]) == {8.4, 12.0, 16.0, 24.0, 32.0}
    assert seen.table["abv"].null_count() == 20
    assert seen.table["ibu"].null_count() == 134
    new = _made(path, 1000)
    assert set(new["ounces"]) <= {8.4, 12.0, 16.0, 24.0, 32.0}
    assert new["id"].min() > seen.table["id"].max()


def test_values_over_twenty_orders_of_magnitude(tmp_path: Path, opened: Open) -> None:
    path, truth = messy.assays(tmp_path)
    seen = opened(path)
    seen.holds("standard_value", _column(truth, "standard_value"))
    seen.holds("pchembl_value", _column(truth, "pchembl_value"))
    seen.holds("ligand_efficiency", _column(truth, "efficiency"))
    assert seen.log.height == 0
    new = _made(path, 300)
    assert new["standard_value"].min() >= 0
    assert new["ligand_efficiency"].str.contains(r"^\{'bao_format': .*\}$").all()


def test_mushrooms(tmp_path: Path, opened: Open) -> None:
    path = messy.mushrooms(tmp_path)
    seen = opened(path)
    assert set(seen.kinds.values()) <= {"category", "boolean"}
    assert set(seen.table["stalk-root"]) == {"b", "c", "e", None}
    assert "'odor' decides 'class'" in seen.issues["rules"]
    new = _made(path, 300)
    assert (new["odor"].is_in(list("fys")) == (new["class"] == "p")).all()


@pytest.mark.parametrize("report", messy.SALES)
def test_a_sales_report_of_sixty_lines(
    report: Callable[[Path], tuple[Path, list[dict[str, Any]]]], tmp_path: Path, opened: Open
) -> None:
    path, truth = report(tmp_path)
    seen = opened(path)
    assert seen.table.to_dicts() == truth
    pieces, price, amount = list(truth[0])[3:]
    assert f"'{pieces}' × '{price}' = '{amount}'" in seen.issues["rules"]
    new = _made(path, 200)
    assert ((new[pieces] * new[price] - new[amount]).abs() < 0.005).all()
    assert new[amount].max() <= 1.15 * max(_column(truth, amount))  # ends are rounded outward
