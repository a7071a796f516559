"""Files as ledgers, shops and registers write them: what is read, cleaned and generated."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import tidemill as tm


def opened(folder: Path, text: str) -> tm.Dataset:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return tm.read(str(folder / "t.csv"))


def test_accounting_negatives_are_learned_and_written_as_they_were(tmp_path: Path) -> None:
    cells = [
        f"({i * 7 % 900}.{i % 90 + 10})" if i % 3 else f"{i}.{i % 90 + 10}" for i in range(240)
    ]
    data = opened(
        tmp_path, "g,amount\n" + "\n".join(f"{'ab'[i % 2]},{c}" for i, c in enumerate(cells))
    )
    assert data.schema["amount"].kind == "number"
    assert "'(1)' stands for -1" in data.schema["amount"].reason
    model = tm.fit(data, model="independent", seed=1)
    tm.write(model.sample_dataset(50, run=tm.Run(seed=2)), tmp_path / "new.csv")
    new = pl.read_csv(tmp_path / "new.csv", infer_schema=False)["amount"].to_list()
    assert all(re.fullmatch(r"\d+\.\d\d|\(\d+\.\d\d\)", cell) for cell in new)
    assert any(cell.startswith("(") for cell in new)


def test_codes_with_few_zeros_in_front_stay_codes(tmp_path: Path) -> None:
    codes = [f"{i // 130 + 3 if i % 130 == 0 else 10500 + i * 37:05d}" for i in range(397)]
    data = opened(tmp_path, "branch,v\n" + "\n".join(f"{c},{i % 7}" for i, c in enumerate(codes)))
    cleaned = tm.clean(data)
    assert data.schema["branch"].kind == "id"
    assert cleaned.data.frame["branch"].to_list() == codes
    assert cleaned.changes.is_empty()


def test_exponents_and_digits_are_not_lost(tmp_path: Path) -> None:
    rows = [f"{i % 89 + 10}E{i % 9},{9007199254740993 + i}.25" for i in range(240)]
    cleaned = tm.clean(opened(tmp_path, "part,amount\n" + "\n".join(rows)))
    assert [",".join(row) for row in cleaned.data.frame.rows()] == rows
    assert cleaned.changes.is_empty()
    assert any("looks like amounts" in issue.sentence for issue in cleaned.issues)


def test_a_shop_of_apps_is_read(tmp_path: Path) -> None:
    rows = [
        f'{i % 90 + 1}{"kM"[i % 2]},"{10 ** (i % 7):,}+",{"$4.99" if i % 10 == 0 else "0"}'
        for i in range(300)
    ]
    cleaned = tm.clean(opened(tmp_path, "size,installs,price\n" + "\n".join(rows)))
    assert cleaned.data.frame.row(1) == (2_000_000, 10, 0)
    assert cleaned.data.frame["price"][0] == 4.99
    assert "each is a lower bound" in cleaned.data.schema["installs"].reason
    sizes = cleaned.changes.filter(pl.col("column") == "size")
    assert sizes.height == 300
    assert sizes.row(0, named=True)["before"] == "1k"


def test_one_currency_in_several_spellings(tmp_path: Path) -> None:
    cells = [
        ("¥{}.50", "￥{}.50", "{}.50元", "RMB {}.50", "{}.50")[i % 5].format(i) for i in range(200)
    ]
    cleaned = tm.clean(
        opened(tmp_path, "id,fee\n" + "\n".join(f"x{i},{c}" for i, c in enumerate(cells)))
    )
    assert cleaned.data.frame["fee"].to_list() == [i + 0.5 for i in range(200)]


def test_decimals_of_changing_number_are_numbers_after_cleaning(tmp_path: Path) -> None:
    cells = [f"{i},{i % 10}{'' if i % 3 else '1'}" for i in range(200)] + ["16,0", "9"]
    data = opened(tmp_path, "fee;g\n" + "\n".join(f"{c};a" for c in cells))
    cleaned = tm.clean(data)
    assert cleaned.data.frame["fee"].to_list() == [float(c.replace(",", ".")) for c in cells]
    changed = cleaned.changes.filter(pl.col("column") == "fee")
    assert all(
        float(before.replace(",", ".")) == float(after.replace(",", "."))
        for before, after in changed.select("before", "after").rows()
    )


@pytest.mark.parametrize("word", ["k.A.", "*", "нет данных", "該当なし"])
def test_frequent_words_for_unknown_become_missing(tmp_path: Path, word: str) -> None:
    rows = [f"{'ab'[i % 2]},{f'{i}.5' if i % 7 else word}" for i in range(100)]
    data = opened(tmp_path, "g,x\n" + "\n".join(rows))
    assert data.schema["x"].kind == "text"
    cleaned = tm.clean(data)
    assert cleaned.data.schema["x"].kind == "number"
    assert cleaned.data["x"].null_count() == 15
    assert cleaned.changes.filter(pl.col("after").is_null())["before"].unique().to_list() == [word]
