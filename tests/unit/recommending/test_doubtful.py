"""Postage is told from goods; goods are not called postage."""

from __future__ import annotations

import numpy as np
import polars as pl

from tidemill.recommending.doubtful import unlike_codes, unlike_prices


def test_codes_of_another_form_are_found() -> None:
    goods = [f"{20000 + k}" for k in range(400)] + [f"{30000 + k}A" for k in range(90)]
    assert unlike_codes(pl.Series([*goods, "POST", "C2"])) == ["POST", "C2"]


def test_titles_have_no_form() -> None:
    words = ["Toy", "Star", "The Last", "Blue", "Le", "Zero & One", "Mr. B"]
    titles = [
        f"{words[k % 7]} {words[k % 5]} {'x' * (k % 9)} ({1950 + k % 50})" for k in range(300)
    ]
    assert not set(unlike_codes(pl.Series(titles[:250]))) & set(titles[:7])
    assert unlike_codes(pl.Series(["a", "b"])) == []


def test_prices_all_over_the_place_are_found_where_those_of_others_are_not() -> None:
    rng = np.random.default_rng(0)
    item = np.repeat([f"i{k}" for k in range(50)], 10)
    price = np.repeat(rng.lognormal(1, 0.5, 50), 10) * rng.choice([1.0, 0.9], 500)
    steady = unlike_prices(pl.Series(item), pl.Series(price))
    assert steady == []
    price[item == "i7"] = rng.lognormal(3, 2.5, 10)
    assert unlike_prices(pl.Series(item), pl.Series(price)) == ["i7"]
    wild = rng.lognormal(3, 2.5, 500)
    assert unlike_prices(pl.Series(item), pl.Series(wild)) == []
