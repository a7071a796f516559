"""What customers bought, and what they may buy in the coming weeks."""

from tidemill.core.registry import Entry, Registry

VALUE_MODELS = Registry(
    "value_model",
    {
        "as before": Entry(
            "tidemill.customers.rules:AS_IN_THE_LAST_SPAN",
            "as much as in the last span that was as long",
        ),
        "own rate": Entry(
            "tidemill.customers.rules:AT_THEIR_OWN_RATE",
            "as often as since their first purchase",
        ),
        "BG/NBD": Entry(
            "tidemill.customers.bgnbd:BGNBD_VALUE",
            "each customer buys at a rate of their own until they stop, unseen (BG/NBD), and "
            "spends about the same each time (gamma-gamma)",
        ),
        "boosting": Entry(
            "tidemill.customers.boosted_value:BOOSTED_VALUE",
            "boosted trees, learned from what came after an earlier day",
        ),
    },
)
"""By name; in the order in which they are told of."""

AS_BEFORE = "as before"
