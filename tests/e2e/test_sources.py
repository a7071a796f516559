"""A source of another package, with a password in its text, that is told nowhere; and a user's own
table, that is never replaced."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.e2e.conftest import Tidemill

SECRET = "s3cret-w0rd"
SHOP = f"shop://ann:{SECRET}@host/customers?table=customers&token={SECRET}"
CODE = """
from pathlib import Path
import polars as pl
from tidemill.io.source import Raw, Source

class Shop(Source):
    def open(self, run):
        if "/down" in self.text:
            raise RuntimeError(f"no connection to {self.text}")
        with run.stage("read", f"reading {self.shown}"):
            return Raw(pl.read_csv(Path(__file__).with_name("customers.csv")), name="customers")
"""


@pytest.fixture
def shop(customers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that brings the scheme ``shop``, and is installed."""
    folder = customers.parent
    (folder / "its_shop.py").write_text(CODE)
    about = folder / "its_shop-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: its-shop\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[tidemill.sources]\nshop = its_shop:Shop\n")
    monkeypatch.syspath_prepend(str(folder))


def contents(folder: Path) -> bytes:
    """All that stands in a folder, unpacked."""
    found = b""
    for path in folder.rglob("*"):
        if path.suffix == ".tidemill":
            with zipfile.ZipFile(path) as packed:
                found += b"".join(packed.read(name) for name in packed.namelist())
        elif path.is_file():
            found += path.read_bytes()
    return found


@pytest.mark.usefixtures("shop")
def test_a_password_stands_in_no_output(tidemill: Tidemill, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = tidemill("run", SHOP, "--out", out, "--model", "independent", "--target", "churn")
    assert done.code == 0, done.err
    told = contents(out)
    assert b"shop://***@host/customers" in told
    assert SECRET.encode() not in told
    assert SECRET not in done.out + done.err
    as_json = tidemill("read", SHOP, "--json")
    assert "reading shop://***@host/customers?table=customers&token=***" in as_json.out
    assert SECRET not in as_json.out + as_json.err


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_a_password_stands_in_no_error(tidemill: Tidemill, how: tuple[str, ...]) -> None:
    unknown = tidemill("read", SHOP.replace("shop:", "shpo:"), *how)
    assert unknown.code == 2
    assert "no source with the scheme 'shpo'" in unknown.out + unknown.err
    driver = tidemill("read", SHOP.replace("/customers", "/down"), *how)
    assert driver.code == 1
    [log] = re.findall(r"with the file ([^\s\"]+)", driver.out + driver.err)
    logged = Path(log).read_text()
    assert "no connection to shop://***@host" in logged
    assert SECRET not in unknown.out + unknown.err + driver.out + driver.err + logged


def test_the_users_own_table_is_never_replaced(
    tidemill: Tidemill, customers: Path, tmp_path: Path
) -> None:
    before, model = customers.read_bytes(), tmp_path / "m.tidemill"
    assert tidemill("fit", customers, "--out", model, "--model", "independent").code == 0
    out = ("--out", customers, "--overwrite")
    real = ("--train", customers, "--holdout", customers)
    for command in (
        ("fit", customers),
        ("clean", customers),
        ("mine", customers),
        ("sample", model, "--like", customers),
        ("infill", model, customers),
        ("what-if", model, customers, "--set", "plan=team"),
        ("evaluate", *real, "--synthetic", customers),
        ("verdict", "--train", customers, "--synthetic", customers),
        ("fairness", model, *real),
    ):
        done = tidemill(*command, *out)
        assert done.code == 2, command
        assert "this is read here, and would be replaced" in done.err, command
    split = tidemill("split", customers, "--train", customers, "--holdout", tmp_path / "h.csv")
    assert "this is read here" in split.err
    kept = tidemill("sample", model, "--rows", 3, "--out", f"{model}.csv")
    assert kept.code == 0, kept.err
    assert customers.read_bytes() == before


def test_a_folder_of_results_does_not_replace_what_is_read(
    tidemill: Tidemill, customers: Path, tmp_path: Path
) -> None:
    model, own = tmp_path / "m.tidemill", tmp_path / "out" / "generated.parquet"
    own.parent.mkdir()
    assert tidemill("fit", customers, "--out", model, "--model", "independent").code == 0
    rows = {"run": "clean.parquet", "loop": "generated.parquet", "share": "synthetic.csv"}
    for name in rows.values():
        assert tidemill("sample", model, "--rows", 50, "--out", own.with_name(name)).code == 0
    before = contents(own.parent)
    out = ("--out", own.parent, "--overwrite")
    real = ("--train", own.with_name(rows["share"]), "--holdout", customers)
    for command in (
        ("run", own.with_name(rows["run"])),
        ("loop", customers, "--newer", own, "--target", "churn"),
        ("share", model, *real),
    ):
        done = tidemill(*command, *out)
        assert done.code == 2, command
        assert "this is read here" in done.err, command
    assert contents(own.parent) == before
