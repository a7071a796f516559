"""Who will want what: baskets, and recommenders that rank a shop's items for a customer."""

from tidemill.core.registry import Entry, Registry

RECOMMENDERS = Registry(
    "recommender",
    {
        "best-sellers": Entry(
            "tidemill.recommending.best_sellers:BestSellers",
            "the items that most customers took, the same for everybody",
        ),
        "neighbours": Entry(
            "tidemill.recommending.neighbours:ItemNeighbours",
            "items that were taken together with a customer's own",
        ),
        "ease": Entry(
            "tidemill.recommending.ease:Ease",
            "a weight for each pair of items, by one regression (EASE)",
        ),
        "ials": Entry(
            "tidemill.recommending.ials:Ials",
            "hidden tastes of customers and of items (iALS)",
        ),
        "vae": Entry(
            "tidemill.recommending.vae:BasketVae",
            "a net with a few hidden numbers of each customer (a variational autoencoder)",
            extra="deep",
        ),
    },
)
"""By name."""
