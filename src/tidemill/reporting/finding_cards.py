"""Findings as a notebook shows them: with their pictures."""

from __future__ import annotations

from tidemill.core.finding import Findings
from tidemill.core.words import plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.findings import found
from tidemill.reporting.page import Report


class FindingCards(Findings):
    """Findings that show themselves in a notebook as the report shows them."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        if not self:
            return super()._repr_html_()
        blocks = found(ReportInput(name="findings", findings=self))
        page = Report(plural(len(self), "finding"), "", tuple(blocks), str(self))
        return page._repr_html_()
