"""What prices may do tomorrow, and whether such foresight was right."""

from tidemill.core.registry import Entry, Registry

FORETELLERS = Registry(
    "foreteller",
    {
        "historical": Entry(
            "tidemill.markets.historical:HISTORICAL",
            "tomorrow is as one of the last 250 days was (historical simulation)",
        ),
        "bootstrap": Entry(
            "tidemill.markets.historical:BOOTSTRAP",
            "tomorrow is as any day so far was; it does not know what today is like",
        ),
        "riskmetrics": Entry(
            "tidemill.markets.filtered:RISKMETRICS_FILTERED",
            "the last 1,000 days by the measure of today's volatility, told by the last weeks",
        ),
        "fhs": Entry(
            "tidemill.markets.filtered:FILTERED",
            "the same, with a volatility that falls raise most and that returns to its usual level",
        ),
        "garch": Entry(
            "tidemill.markets.garch:GARCH",
            "the same, with a volatility that is fitted to each asset (GJR-GARCH)",
            extra="finance",
        ),
    },
)
"""By name; in the order in which they are told of."""
