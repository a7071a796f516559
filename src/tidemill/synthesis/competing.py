"""Where models compete before one of them learns."""

from __future__ import annotations

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.synthesis.model_choice import ModelChoice, TableChoice

AUTO = "auto"
"""In the place of a model's name: that models of tables compete."""


def no_options() -> OptionError:
    """For options of a model beside AUTO."""
    return OptionError(
        "models that compete take no options of one model: no steps, preset, start or window",
        hint="name a model with option 'model', or leave these out",
    )


def competed(data: Dataset, model: str | None, run: Run) -> ModelChoice | TableChoice | None:
    """What was chosen among the models of a market where none is named, or among those of tables
    where AUTO is; None where nothing competes.

    Raises:
        OptionError: Models cannot compete for such data.
    """
    # what learns is imported only where it is needed: it takes a second
    if model == AUTO:
        from tidemill.synthesis.table_choice import table_choice

        return table_choice(data, run)
    if model is not None:
        return None
    from tidemill.synthesis.market_choice import market_choice

    return market_choice(data, run)
