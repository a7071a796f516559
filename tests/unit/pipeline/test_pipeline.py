"""Which model a run learns with."""

from __future__ import annotations

import numpy as np

from tests.unit.markets.market import garch_returns, price_lines
from tidemill.core.run import Run
from tidemill.io.reading import read
from tidemill.pipeline.pipeline import _learned


def test_models_compete_only_where_none_is_named() -> None:
    lines = price_lines(garch_returns(260, 2, np.random.default_rng(0))[0])
    market = read(lines, Run(), entity="asset", time="time")
    assert "choice" not in _learned(market, "fhs", None, Run()).manifest
    assert _learned(market, None, None, Run()).manifest["choice"]["model"] == "fhs"
