from __future__ import annotations

from pathlib import Path

import polars as pl

import tidemill
from tidemill.core.dataset import Dataset
from tidemill.core.notebook import bullets, paragraph, table
from tidemill.core.schema import Column, Schema


def test_every_piece_escapes() -> None:
    bad = "<script>'&"
    for shown in (paragraph(bad, bold=bad), bullets([bad]), table([bad], [[bad]])):
        assert "<script" not in shown
        assert shown.count("&lt;script&gt;&#x27;&amp;") == shown.count("script")


def test_a_cell_is_plain_text() -> None:
    assert "<td>2011</td><td style='text-align:left'>True</td><td></td>" in table(
        ["a", "b", "c"], [(2011, True, None)]
    )


def test_a_table_of_a_notebook_escapes_names_and_values() -> None:
    frame = pl.DataFrame({"<i>": ["<script>", None]})
    data = Dataset(frame, Schema((Column("<i>", "category"),)), name="a & b")
    shown = data._repr_html_()
    assert "<i>" not in shown
    assert "&lt;script&gt;" in shown
    assert "a &amp; b" in shown


def test_html_is_written_in_one_place() -> None:
    source = Path(tidemill.__file__).parent
    found = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if "html.escape(" in path.read_text(encoding="utf-8")
    }
    assert found == {"core/notebook.py", "reporting/page.py"}
