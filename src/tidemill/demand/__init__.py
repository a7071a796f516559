"""What will be sold in the coming weeks, by item, and whether such forecasts were right."""

from tidemill.core.registry import Entry, Registry

FORECASTERS = Registry(
    "forecaster",
    {
        "as before": Entry(
            "tidemill.demand.rules_of_thumb:AS_BEFORE",
            "as in the same week a year ago; with less history, as in the last week",
        ),
        "mean of 4": Entry(
            "tidemill.demand.rules_of_thumb:MEAN_OF_4", "the mean of the last 4 weeks"
        ),
        "mean of 26": Entry(
            "tidemill.demand.rules_of_thumb:MEAN_OF_26", "the mean of the last 26 weeks"
        ),
        "middle of 26": Entry(
            "tidemill.demand.rules_of_thumb:MIDDLE_OF_26",
            "half of the last 26 weeks sold more, half less (the median)",
        ),
        "smoothing": Entry(
            "tidemill.demand.smoothing:SMOOTHING",
            "a mean of all weeks in which newer ones count more (exponential smoothing)",
        ),
        "boosting": Entry(
            "tidemill.demand.boosted:BOOSTED",
            "boosted trees over the last weeks of all items together",
        ),
        "blend": Entry("tidemill.demand.boosted:BLEND", "half smoothing, half boosting"),
    },
)
"""By name; in the order in which they are told of."""

RULES_OF_THUMB = ("as before", "mean of 4", "mean of 26", "middle of 26")
"""Forecasters that need no computer, which others have to beat. The median is one of them because
sales are skewed: where errors count by their size, it beats the mean though it foresees nothing."""
