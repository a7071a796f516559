"""The report itself: blocks, and the one self-contained page that shows them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from tidemill.core.artifact import finite, write_json, writing
from tidemill.core.errors import InputError
from tidemill.core.results_folder import refuse_unfinished
from tidemill.core.states import HasState, from_state, sort_of
from tidemill.reporting.blocks import SORTS, Block, Heading, TableBlock

if TYPE_CHECKING:
    from jinja2 import Environment

FORMAT = 1
_MINUS = re.compile(r"(?<![^\s(\[“'])-(?=\d)")
"""A hyphen before a number that begins a word."""


@final
@dataclass(frozen=True)
class Report(HasState):
    """What a run found, as blocks; draws itself as one page that opens offline.

    Attributes:
        title: What the data are called.
        subtitle: One line below it.
        blocks: The page from top to bottom.
        text: The summary for a terminal.

    Example:
        >>> from tidemill.reporting.blocks import Paragraph
        >>> report = Report("customers", "", (Paragraph("Nothing was found."),), "")
        >>> Report.from_state(report.to_state()) == report
        True
    """

    STATE = ("format", "title", "subtitle", ("summary", "text"), "blocks")
    SORTS = SORTS

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    text: str

    @property
    def format(self) -> int:
        """The format of its state."""
        return FORMAT

    def summary(self) -> str:
        """What a person can act on, in some fifteen lines of plain text."""
        return self.text

    def html(self) -> str:
        """The page: no script, nothing fetched from anywhere, everything from data escaped."""
        headings = [block for block in self.blocks if isinstance(block, Heading)]
        chapters = [heading for heading in headings if heading.level == 2]
        return _environment().get_template("page.html.j2").render(report=self, chapters=chapters)

    def to_state(self) -> dict[str, Any]:
        """Every figure of the page as plain JSON values."""
        state: dict[str, Any] = finite(super().to_state())
        return state

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Report:
        """The report that :meth:`to_state` wrote.

        Raises:
            InputError: The state is not one of a report, or of another format.
        """
        hint = "give the folder of a whole run, or run again"
        if not isinstance(state, Mapping) or not isinstance(state.get("blocks"), list):
            raise InputError("this is not a stored report", hint=hint)
        if state.get("format") != FORMAT:
            what = f"the report has format {state.get('format')!r}"
            raise InputError(f"{what}, this version reads format {FORMAT}", hint=hint)
        blocks = from_state(tuple[Block, ...], state["blocks"], SORTS)
        texts = [state.get(name) for name in ("title", "subtitle", "summary")]
        title, subtitle, text = from_state(tuple[str, str, str], texts)
        return Report(title, subtitle, blocks, text)

    @staticmethod
    def load(path: str | Path) -> Report:
        """The report of a folder that a run wrote, or of a report.json.

        Raises:
            InputError: There is no report, it is damaged, or its run is not finished.
        """
        file = Path(path)
        if file.is_dir():
            refuse_unfinished(file)
            file = file / "report.json"
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"there is no report to be read ({error.strerror})",
                where=str(file),
                hint="give a folder that `tidemill run` wrote",
            ) from error
        except (ValueError, RecursionError) as error:
            raise InputError("the report is damaged", where=str(file), hint="run again") from error
        return Report.from_state(state)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the page, or with the ending ``.json`` its figures; whole or not at all.

        Raises:
            OutputError: The output exists and may not be replaced, or cannot be written.
        """
        path = Path(path)
        if path.suffix == ".json":
            write_json(path, self.to_state(), overwrite=overwrite)
            return
        text = self.html()
        with writing(path, overwrite=overwrite) as aside:
            aside.write_text(text, encoding="utf-8")

    def _repr_html_(self) -> str:
        # a frame of its own keeps the page's styles out of the notebook; sandboxed, it may do
        # nothing but be read
        return (
            f'<iframe sandbox srcdoc="{html.escape(self.html())}" title="Tidemill report" '
            'style="width:100%;height:80vh;border:1px solid #8884"></iframe>'
        )


@cache
def _environment() -> Environment:
    from urllib.parse import quote

    from jinja2 import Environment, PackageLoader, StrictUndefined

    from tidemill.core.words import percent
    from tidemill.reporting import diagram, plots

    environment = Environment(
        loader=PackageLoader("tidemill.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_readable,
    )
    environment.filters.update(
        percent=percent,
        plot=plots.plot,
        histogram=plots.histogram,
        gauge=plots.gauge,
        layered=diagram.layered,
        piled=diagram.piled,
        rows=_rows,
        verbatim=_verbatim,
        beside=quote,
        sort=lambda block: sort_of(type(block)),
    )
    return environment


def _readable(value: Any) -> Any:
    """Text without control characters, and numbers kept on one line with their per cent sign;
    escaping comes after."""
    from tidemill.core.words import unprintable_removed

    if type(value) is not str:  # what macros return is Markup: done already
        return value
    text = unprintable_removed(value).replace(" %", "\N{NO-BREAK SPACE}%")
    return _MINUS.sub("\N{MINUS SIGN}", text)


def _verbatim(text: str) -> Any:
    """A command, without control characters and otherwise as it is, to be copied."""
    from markupsafe import escape

    from tidemill.core.words import unprintable_removed

    return escape(unprintable_removed(text))


def _rows(table: TableBlock) -> list[list[tuple[str, bool]]]:
    """(text, whether it is a number, which stands right) of each cell; the numbers of a column are
    aligned."""
    from tidemill.core.words import cells

    width = len(table.columns)
    padded = [(*row, *(None,) * width)[:width] for row in table.rows]
    columns = [cells(column) for column in zip(*padded, strict=True)]
    rows = []
    for position, values in enumerate(padded):
        row = []
        for column, value in zip(columns, values, strict=True):
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            row.append((column[position], is_number))
        rows.append(row)
    return rows
