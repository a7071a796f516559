"""What will be sold in the coming weeks, for which items that can be foreseen, and what prices and
promotions go with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, percent, plural
from tidemill.demand import FORECASTERS, RULES_OF_THUMB
from tidemill.demand.backtest import (
    ALIVE,
    AS_BEFORE,
    LEAST,
    DemandBacktest,
    ErrorRatio,
    backtested,
)
from tidemill.demand.futures import BandCoverage, DemandFutures, band_coverage, coming
from tidemill.demand.weeks import ItemWeeks, item_weeks
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.demand_prices import price_blocks, promotion_blocks, within_figures
from tidemill.recipes.demand_tables import coming_table, futures_table, items_table
from tidemill.recipes.line_columns import (
    line_numbers,
    price_of_a_piece,
    promotion_marks,
    repeated_lines,
)
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.recommending.doubtful import unlike_codes, unlike_prices
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    Tile,
)
from tidemill.supervised.arrays import Bools, Floats

MOST = 0.5
"""The share of pieces from which on an item is named beside their sum."""
SHOWN = 15
"""Items that the page lists."""
PAST = 26
"""Weeks of the past that the picture shows."""

ASSUMPTIONS = (
    Assumption("horizon", 4.0, "weeks ahead that are forecast", 1, 13),
    Assumption("held", 8.0, "last weeks on which forecasts are judged", 4, 52),
    Assumption("without", None, "items that are no goods, as postage", form="ITEM,ITEM"),
)


class DemandOptions(TypedDict):
    """What the recipe is told."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput


@dataclass(frozen=True)
class DemandOutlook:
    """What is known of sales, and what may come.

    Attributes:
        past: Sales by item and week.
        seen: How forecasts did.
        covered: How their bands did.
        futures: Of the items that were judged and have not ended since.
        alive: (k,) which of the judged items these are.
        against: Rule of thumb -> the chosen forecaster's error in parts of its own.
        better, forecastable: (k,) judged items that are forecast better than as before, and better
            than by each rule of thumb, too.
    """

    past: ItemWeeks
    seen: DemandBacktest
    covered: BandCoverage
    futures: DemandFutures
    alive: Bools
    against: Mapping[str, ErrorRatio]
    better: Bools
    forecastable: Bools

    @property
    def as_before(self) -> str:
        """What the simplest forecast is, in words."""
        return "as a year ago" if self.seen.season else "as in the last week"

    @property
    def names(self) -> list[str]:
        """Of the items that are forecast."""
        return [self.past.items[k] for k in self.seen.places[self.alive]]

    def rule(self, name: str) -> str:
        """A forecaster in words."""
        return f"'{self.as_before if name == AS_BEFORE else name}'"


def demand(data: Dataset, run: Run, **options: Unpack[DemandOptions]) -> RecipePage:
    """The page for a category manager."""
    columns, assumed = options["columns"], options["assumed"]
    held, horizon = round(float(assumed["held"])), round(float(assumed["horizon"]))
    lines, notes = _lines(data, columns, str(assumed.get("without", "")))
    past = item_weeks(lines, data.name)
    doubtful = _doubtful(lines)
    notes = (*past.notes, *notes, *repeated_lines(data))
    prices = [
        PageChapter("price", "What goes with a price?", price_blocks(past, bool(columns["money"]))),
        PageChapter("promotion", "What goes with a promotion?", promotion_blocks(past)),
    ]
    seen = backtested(past.sold, horizon, run, held)
    if seen is None:
        return _refused(data, past, held, (*prices, _limits_chapter(doubtful, notes, None)))
    outlook = _outlook(past, seen, run)
    tables = {
        "coming": coming_table(past, seen, outlook.alive, outlook.futures, outlook.covered),
        "items": items_table(past, seen, outlook.better, outlook.forecastable),
        "futures": futures_table(past, outlook.names, outlook.futures),
    }
    chapters = (
        PageChapter("which", "What forecasts best?", _which(outlook, run)),
        PageChapter("coming", "The coming weeks", _coming(outlook)),
        PageChapter("items", "Which items?", _items(outlook)),
        *prices,
        _limits_chapter(doubtful, notes, outlook),
    )
    answer = _answer(outlook)
    blocks: list[Block] = [Callout("note", *answer), Figures(_tiles(outlook))]
    return RecipePage(
        "What will be sold?",
        (*blocks, *chapter_blocks(chapters)),
        (
            f"Demand: {answer[0]}",
            f"Trust: {_errors_told(outlook)}",
            f"Items: {_items_told(outlook)}",
        ),
        figures={**_figures(outlook), **within_figures(past)},
        tables=tables,
        made=_made(past, seen),
    )


DEMAND = Recipe(
    demand,
    columns=(
        RecipeColumn("time", "when, a day or a week"),
        RecipeColumn("item", "what was sold"),
        RecipeColumn("quantity", "how many pieces: less than 0 is sent back", required=False),
        RecipeColumn("price", "what a piece cost", required=False),
        RecipeColumn("money", "what the line cost in all, in place of a price", required=False),
        RecipeColumn("promotion", "whether it was on promotion, or the discount", required=False),
    ),
    assumptions=ASSUMPTIONS,
    tables=("coming", "items", "futures"),
)


def _lines(
    data: Dataset, columns: Mapping[str, tuple[str, ...]], without: str
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The lines as the room of demand asks for them, and what was left out."""
    [time], [item] = columns["time"], columns["item"]
    quantity = np.ones(len(data))
    if columns["quantity"]:
        quantity = line_numbers(data, columns["quantity"][0])
    items = data[item].cast(pl.String)
    named = {"item": items, "time": data[time], "quantity": pl.Series(quantity)}
    price = price_of_a_piece(data, columns, quantity)
    if price is not None:
        named["price"] = pl.Series(price)
    notes = []
    if columns["promotion"]:
        marks, said = promotion_marks(data, columns["promotion"][0])
        named["promoted"] = pl.Series(marks)
        notes += [said] if said else []
    frame = pl.DataFrame(named)
    out = [name.strip() for name in without.split(",") if name.strip()]
    if out:
        unknown = [name for name in out if name not in items]
        if unknown:
            raise DataError(
                f"no line is of {listing(unknown)}",
                where=data.name,
                hint=f"name items of {item} as option 'assume=without=ITEM,ITEM'",
            )
        gone = frame["item"].is_in(out).fill_null(value=False)
        notes.append(
            f"Lines of {listing(out)} were left out, as you said: {count(int(gone.sum()))}."
        )
        frame = frame.filter(~gone)
    return frame, tuple(notes)


def _doubtful(lines: pl.DataFrame) -> list[str]:
    """Items that may be no goods."""
    found = unlike_codes(lines["item"].drop_nulls().unique().sort())
    if "price" in lines.columns:
        found += unlike_prices(lines["item"], lines["price"].fill_nan(None))
    return list(dict.fromkeys(found))


def _outlook(past: ItemWeeks, seen: DemandBacktest, run: Run) -> DemandOutlook:
    sold = past.sold[seen.places]
    made = coming(sold, seen, run)
    recent: Bools = np.nan_to_num(sold[:, -ALIVE:]) > 0
    alive = np.asarray(recent.any(axis=1))
    rules = dict.fromkeys((AS_BEFORE, seen.rival))
    return DemandOutlook(
        past,
        seen,
        band_coverage(seen, run.rng("demand", "coverage")),
        DemandFutures(made.sold[:, alive], made.said[alive]),
        alive,
        {rule: seen.ratio(seen.chosen, rule, run.rng("demand", "drawn again")) for rule in rules},
        seen.better_than_before(),
        seen.forecastable(),
    )


def _refused(
    data: Dataset, past: ItemWeeks, held: int, chapters: tuple[PageChapter, ...]
) -> RecipePage:
    weeks, least = len(past.weeks), LEAST + 2 * held
    if weeks < least:
        why = f"{plural(weeks, 'whole week')} are too few to forecast from and to judge by."
    else:
        why = (
            f"No item was sold in half of its weeks, over {LEAST} weeks and more before the last "
            f"{held}, and lately."
        )
    refusal = Refused(
        "What will be sold cannot be said by item.",
        why,
        f"sales of {count(least)} weeks or more, of items that are sold in most weeks; items that "
        "are sold rarely can be put together in groups, and a column of groups be named as the "
        "item.",
    )
    return RecipePage(
        "What will be sold?",
        (refusal, *chapter_blocks(chapters)),
        (f"Demand: {refusal.why}",),
        figures={"weeks": float(weeks), **within_figures(past)},
        made=(("Rows", plural(len(data), "row")),),
    )


# --- the page -------------------------------------------------------------------------------------


def _less(ratio: ErrorRatio) -> str:
    """A ratio of errors as how much less, with its interval."""
    if ratio.value <= 1:
        low, high = 1 - ratio.high, 1 - ratio.low
        return f"{percent(1 - ratio.value)} less (95 % interval {_ends(low, high)})"
    low, high = ratio.low - 1, ratio.high - 1
    return f"{percent(ratio.value - 1)} more (95 % interval {_ends(low, high)})"


def _ends(low: float, high: float) -> str:
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def _answer(outlook: DemandOutlook) -> tuple[str, str]:
    """What may be sold; how sure that is."""
    horizon = outlook.seen.held.asked.horizon
    low, middle, high = _together(outlook)
    lead = (
        f"In the coming {plural(horizon, 'week')}, about {middle} pieces of "
        f"{plural(len(outlook.names), 'item')} will be sold: {low} to {high} in 9 of 10 futures."
    )
    return f"{lead}{_largest(outlook)}", f"{_errors_told(outlook)} {_items_told(outlook)}"


def _largest(outlook: DemandOutlook) -> str:
    """A sentence where one item makes up most of the pieces, so that their sum speaks of it."""
    pieces = outlook.futures.sold.mean(axis=(0, 2))
    share = float(pieces.max() / max(pieces.sum(), 1e-9))
    if share < MOST or len(pieces) == 1:
        return ""
    return f" '{outlook.names[int(pieces.argmax())]}' alone makes up {percent(share)} of them."


def _together(outlook: DemandOutlook) -> tuple[str, str, str]:
    """Pieces in all coming weeks: of the lower end, the middle and the upper end of futures."""
    totals = outlook.futures.totals().sum(axis=1)
    low, middle, high = (about(float(one)) for one in np.quantile(totals, (0.05, 0.5, 0.95)))
    return low, middle, high


def about(value: float) -> str:
    """A number of pieces, whole or to three digits.

    Example:
        >>> about(568932.2), about(41.27), about(0.0)
        ('569,000', '41.3', '0')
    """
    return number(float(f"{value:.3g}"))


def _errors_told(outlook: DemandOutlook) -> str:
    seen = outlook.seen
    before, rival = outlook.against[AS_BEFORE], outlook.against[seen.rival]
    weeks = len(seen.held.asked.origins)
    if seen.chosen == AS_BEFORE:
        return f"Nothing forecasts better than {outlook.as_before}."
    told = (
        f"The forecast ({seen.chosen}) errs {_less(before)} than {outlook.as_before}, in the last "
        f"{plural(weeks, 'week')} of all items together"
    )
    told += "." if before.high < 1 else ": that is not proven."
    if not seen.season:
        told = f"No season can be known from {plural(len(outlook.past.weeks), 'week')}. {told}"
    if seen.chosen in RULES_OF_THUMB:
        return f"{told} It is a rule of thumb; nothing cleverer was clearly better."
    if seen.rival == AS_BEFORE:
        return told
    told += f" It errs {_less(rival)} than the best rule of thumb, {outlook.rule(seen.rival)}"
    return f"{told}." if rival.high < 1 else f"{told}: that is not proven."


def _items_told(outlook: DemandOutlook) -> str:
    better, further = int(outlook.better.sum()), int(outlook.forecastable.sum())
    told = (
        f"Of {plural(len(outlook.better), 'item')}, {count(better)} for sure "
        f"{'is' if better == 1 else 'are'} forecast better than {outlook.as_before}"
    )
    if better:
        told += (
            f"; {count(further)} of them also better than by any rule of thumb, and can be "
            "foreseen beyond what is usual for them"
        )
    return f"{told}."


def _tiles(outlook: DemandOutlook) -> tuple[Tile, ...]:
    seen = outlook.seen
    low, middle, high = _together(outlook)
    before = outlook.against[AS_BEFORE]
    horizon = seen.held.asked.horizon
    return (
        Tile(
            middle,
            f"pieces in the coming {plural(horizon, 'week')}",
            f"{low} to {high} in 9 of 10 futures",
        ),
        Tile(
            percent(seen.mean_error(seen.chosen)),
            "mean error of an item and week",
            "of what the item sells a week",
        ),
        Tile(
            number(before.value, 2),
            f"error in parts of '{outlook.as_before}'",
            f"95 % interval {number(before.low, 2)} to {number(before.high, 2)}",
        ),
        Tile(
            f"{count(int(outlook.better.sum()))} of {count(len(seen.places))}",
            "items are for sure forecast better",
            f"than {outlook.as_before}",
        ),
    )


def _which(outlook: DemandOutlook, run: Run) -> list[Block]:
    seen = outlook.seen
    rows = []
    for name in sorted(FORECASTERS, key=seen.mean_error):
        ratios = [
            seen.ratio(name, rule, run.rng("demand", "drawn again"))
            for rule in dict.fromkeys((AS_BEFORE, seen.rival))
        ]
        rows.append(
            (
                name,
                FORECASTERS[name].line,
                percent(seen.mean_error(name)),
                *("–" if one.low == one.high == 1 else _ratio(one) for one in ratios),
            )
        )
    heads = ["Forecast by", "How", "Mean error", f"In parts of '{outlook.as_before}'"]
    if seen.rival != AS_BEFORE:
        heads.append(f"In parts of '{seen.rival}'")
    weeks, horizon = len(seen.held.asked.origins), seen.held.asked.horizon
    lead = (
        f"Each of the last {weeks} weeks was forecast up to {plural(horizon, 'week')} ahead by the "
        "weeks before it alone. An error is in parts of what the item sells a week, so each item "
        f"counts as much. {seen.chosen.capitalize()} was chosen on earlier weeks"
    )
    lead += (
        ", where nothing erred clearly less than this rule of thumb."
        if seen.chosen in RULES_OF_THUMB
        else "."
    )
    season = (
        "'As before' is the same week a year ago."
        if seen.season
        else "The weeks are too few for the same week a year ago, and no season can be known: 'as "
        "before' is the last known week."
    )
    note = (
        f"{season} Intervals: items and stretches of weeks are drawn again; {weeks} weeks are few, "
        "so they are rather too narrow."
    )
    return [
        Paragraph(lead),
        TableBlock(tuple(heads), tuple(rows), stacked=True),
        Paragraph(note, "small"),
    ]


def _ratio(one: ErrorRatio) -> str:
    if np.isinf(one.high):
        return f"{number(one.value)}: too few weeks to say"
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _coming(outlook: DemandOutlook) -> list[Block]:
    past, seen, covered = outlook.past, outlook.seen, outlook.covered
    sold = past.sold[seen.places[outlook.alive]]
    known = np.nansum(sold, axis=0)[-PAST:]
    low, middle, high = np.quantile(outlook.futures.totals(), (0.05, 0.5, 0.95), axis=0)
    end, horizon = len(past.weeks), seen.held.asked.horizon
    gap: tuple[None, ...] = (None,) * len(known)
    ahead: tuple[None, ...] = (None,) * horizon
    picture = PictureBlock(
        "lines",
        "All items that are forecast together: what was sold, and where 9 of 10 futures lie",
        tuple(past.monday(end - len(known) + k) for k in range(len(known) + horizon)),
        (
            Series("middle of the futures", (*gap, *_rounded(middle))),
            Series("sold", (*_rounded(known), *ahead)),
        ),
        "week",
        "pieces",
        band=(Series("low", (*gap, *_rounded(low))), Series("high", (*gap, *_rounded(high)))),
    )
    held = (
        f"In the last {plural(covered.weeks, 'week')}, bands of 90 % that were made before them "
        f"held {percent(covered.items)} of items' weeks, and that of all items together, a week "
        f"ahead, held {count(covered.total)} of {count(covered.weeks)} weeks."
    )
    how = (
        "A future is a forecast with surprises of past weeks, of all items in the same week, so "
        "that what comes together in the past does so in it."
    )
    if covered.widened > 1:
        how += (
            f" Bands of single items were made {number(covered.widened)} times as wide, which is "
            "what they needed in earlier weeks."
        )
    return [Paragraph(held), picture, Paragraph(how, "small")]


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 1) for value in values)


def _items(outlook: DemandOutlook) -> list[Block]:
    past, seen = outlook.past, outlook.seen
    usual = np.nanmean(past.sold[seen.places][:, -PAST:], axis=1)
    # nothing is compared with itself
    rules = dict.fromkeys((AS_BEFORE, seen.rival))
    compared = {rule: seen.by_item[rule] for rule in rules if rule != seen.chosen}
    band = outlook.futures.band(outlook.covered.widened)[:, :, 0]
    at = np.cumsum(outlook.alive) - 1
    rows: list[tuple[str, ...]] = []
    for k in np.argsort(-usual, kind="stable"):
        if not outlook.alive[k] or len(rows) == SHOWN:
            continue
        place = at[k]
        rows.append(
            (
                past.items[seen.places[k]],
                number(float(usual[k])),
                f"{number(float(outlook.futures.said[place, 0]))} "
                f"({number(float(band[0, place]))} to {number(float(band[1, place]))})",
                *(_ratio(one.ratios[k]) for one in compared.values()),
                _verdict(outlook, int(k)),
            )
        )
    heads = (
        "Item",
        "Sold a week",
        f"Week of {past.monday(len(past.weeks))} (90 %)",
        *(f"Error in parts of {outlook.rule(rule)}" for rule in compared),
        "Forecast",
    )
    lead = (
        f"The {plural(len(rows), 'item')} that sell most; items.csv has all, coming.csv the weeks "
        f"to come. Single items are judged on the last {plural(seen.proof_weeks, 'week')}, on "
        "which nothing was chosen. 'Better' is said where the interval is below 1, and so that at "
        "most one in twenty items is called so by chance (Benjamini and Hochberg 1995)."
    )
    return [Paragraph(lead), TableBlock(heads, tuple(rows), stacked=True)]


def _verdict(outlook: DemandOutlook, item: int) -> str:
    if outlook.forecastable[item]:
        return "better than any rule of thumb"
    if outlook.better[item]:
        return f"better than {outlook.as_before}"
    return "not proven"


def _limits_chapter(
    doubtful: list[str], notes: tuple[str, ...], outlook: DemandOutlook | None
) -> PageChapter:
    blocks: list[Block] = []
    if doubtful:
        title = f"{plural(len(doubtful), 'item')} may be no goods: {_some(doubtful)}."
        text = (
            "Their codes are unlike those of nearly all others, or their prices are all over the "
            "place. They count in all figures. Leave out those that are no goods with option "
            "'assume=without=ITEM,ITEM'."
        )
        blocks.append(Callout("note", title, text))
    told = list(notes)
    if outlook is not None:
        told += _left_out(outlook)
        told += [
            "Nothing is known of promotions, prices and shelves of the coming weeks, nor of what "
            "never happened in the weeks of the table.",
            "What was sold is not what was wanted where a shelf was empty.",
        ]
    blocks.append(Listing(tuple(told)))
    return PageChapter("limits", "What this page cannot say", blocks if told else blocks[:-1])


def _left_out(outlook: DemandOutlook) -> list[str]:
    """Items that are not forecast, and weeks that look like an empty shelf."""
    past, seen = outlook.past, outlook.seen
    reasons: dict[str, int] = {}
    for why in seen.why_not.values():
        reasons[why] = reasons.get(why, 0) + 1
    if past.others:
        reasons["sold in fewer than 8 weeks"] = past.others
    held = past.sold[:, -len(seen.held.asked.origins) :]
    share = float(np.nansum(held[seen.places]) / max(float(np.nansum(held)), 1e-9))
    told = []
    if reasons:
        said = listing([f"{why}: {count(many)}" for why, many in sorted(reasons.items())])
        told.append(
            f"Items that are not forecast: {said}. Those that are make up {percent(share)} of the "
            f"pieces of the last {len(seen.held.asked.origins)} weeks, among items that were sold "
            "in 8 weeks or more."
        )
    ended = int((~outlook.alive).sum())
    if ended:
        told.append(
            f"{plural(ended, 'item')} ended in the weeks on which forecasts were judged: they "
            "count in the errors, and are not forecast any more."
        )
    if seen.shelves:
        item, first, last = max(seen.shelves, key=lambda one: one[2] - one[1])
        told.append(
            f"{plural(len(seen.shelves), 'stretch', 'stretches')} without a sale look like an "
            f"empty shelf, as '{past.items[item]}' from {past.monday(first)} for "
            f"{plural(last - first + 1, 'week')}: they are not learned from as if nobody had "
            "wanted it, and count in the errors."
        )
    return told


def _some(names: list[str]) -> str:
    if len(names) <= 8:
        return listing(names)
    return f"{', '.join(names[:8])} and {count(len(names) - 8)} more"


def _made(past: ItemWeeks, seen: DemandBacktest) -> tuple[tuple[str, str], ...]:
    weeks = f"{count(len(past.weeks))}, {past.monday(0)} to {past.monday(len(past.weeks) - 1)}"
    return (
        ("Items", f"{count(len(past.items) + past.others)}, {count(len(seen.places))} judged"),
        ("Weeks", weeks),
        ("Forecast by", seen.chosen),
    )


def _figures(outlook: DemandOutlook) -> dict[str, float]:
    seen = outlook.seen
    totals = outlook.futures.totals().sum(axis=1)
    low, middle, high = np.quantile(totals, (0.05, 0.5, 0.95))
    before, rival = outlook.against[AS_BEFORE], outlook.against[seen.rival]
    figures = {
        "weeks": float(len(outlook.past.weeks)),
        "items": float(len(seen.places)),
        "better_than_before": float(outlook.better.sum()),
        "forecastable": float(outlook.forecastable.sum()),
        "ratio_to_before": before.value,
        "ratio_to_before_low": before.low,
        "ratio_to_before_high": before.high,
        "ratio_to_rule_of_thumb": rival.value,
        "ratio_to_rule_of_thumb_low": rival.low,
        "ratio_to_rule_of_thumb_high": rival.high,
        "coming": float(middle),
        "coming_low": float(low),
        "coming_high": float(high),
        "coverage_items": outlook.covered.items,
        "coverage_total": outlook.covered.total / outlook.covered.weeks,
    }
    for name in FORECASTERS:
        figures[f"error: {name}"] = seen.mean_error(name)
    return figures
