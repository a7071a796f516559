"""What prices may do, whether such foresight was right, and how money is shared out among them."""

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

ALLOCATORS = Registry(
    "allocators",
    {
        "1/N": Entry("tidemill.markets.allocation:EQUAL", "as much of each asset"),
        "inverse volatility": Entry(
            "tidemill.markets.allocation:INVERSE_VOLATILITY",
            "the less of an asset, the more its price moves",
        ),
        "minimum variance": Entry(
            "tidemill.markets.optimised:MINIMUM_VARIANCE",
            "the least volatility, by a covariance that is shrunk (Ledoit and Wolf)",
            extra="finance",
        ),
        "least shortfall": Entry(
            "tidemill.markets.optimised:LEAST_SHORTFALL",
            "the mildest of the worst futures (CVaR over made ones)",
            extra="finance",
        ),
        "mean-variance": Entry(
            "tidemill.markets.optimised:MEAN_VARIANCE",
            "the largest ratio of past mean to volatility",
            extra="finance",
        ),
    },
)
"""By name; in the order in which they are told of."""
