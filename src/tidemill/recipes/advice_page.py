"""The page of the recipe `advice`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np
import polars as pl

from tidemill.core.words import count, listing, number, percent, plural
from tidemill.markets import ALLOCATORS
from tidemill.markets.loss_bound import FUTURES, LEVEL, REFITS
from tidemill.markets.policy import SEEN, TimingPolicy
from tidemill.markets.profile import QUESTIONS, LossBound
from tidemill.markets.timing import POLICY, THRESHOLD, Transfer
from tidemill.markets.walk_forward import LEARNED_YEARS, Against, performance
from tidemill.recipes.advice_case import Advice, Allocation
from tidemill.recipes.base import RecipePage, Refused
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Pairs,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    Tile,
)
from tidemill.supervised.arrays import Floats

TITLE = "How much may be in the market, and how is it shared out?"
HARDLY = 0.01
"""Yearly volatility of what is as good as cash."""
RISES = (0.03, 0.06)
"""Yearly rises that are also reckoned with, to show how much hangs on them."""
MOST_WEIGHTS = 15
"""Assets whose weights stand on the page; all are in weights.csv."""
LINES = {POLICY: "learned in made futures: how much is in 1/N, the rest in cash"}
LINES[THRESHOLD] = "1/N, less of it where it moves more than usual; the rest in cash"
DUTIES = (
    "This page is made for a licensed adviser, who remains responsible for whether anything on it "
    "suits the client. It is not for the client, and is no advice by itself.",
    "The client has to be told that an algorithm was used, and what the answers do: each limit "
    "follows from an answer by a fixed rule, which stands above.",
    "The answers are nowhere kept but on this page and in the command that made it.",
    "Past and made figures are no promise.",
    "Assets that are not in the table were not considered, nor what the client holds besides.",
    "Assets that are in the table because they survived make every rule, 1/N above all, look "
    "better than it was.",
    "Taxes, inflation and the difference between the prices at which one buys and sells, beyond "
    "the fee, are not reckoned with.",
)


def advice_page(told: Advice) -> RecipePage:
    """The page, from the answer to the duties."""
    headline, money = _headline(told), _money(told)
    kept = "What may be lost" if told.client.bound is None else "What keeps to it"
    chapters = (
        PageChapter("bound", "The number that binds", _bound(told)),
        PageChapter("keeps", kept, _keeps(told)),
        PageChapter("better", "Is any rule better than 1/N?", _better(told)),
        PageChapter("promised", "What was promised, and what came", _promised(told)),
        PageChapter("held", "Would the losses have been right?", _held(told)),
        PageChapter("policy", "What a learned policy does", _policy(told)),
        PageChapter("weights", "What is held today, and how steady that is", _weights(told)),
        PageChapter("prices", "What is doubtful in the prices", _prices(told)),
        PageChapter("duties", "Duties and limits", [Listing((*DUTIES, *_limits(told)))]),
    )
    past = told.market.past
    text = (f"Rules: {headline}", f"Money: {money}", f"For: {DUTIES[0]}")
    return RecipePage(
        TITLE,
        (
            Callout("warning" if told.broken else "note", headline, money),
            Figures(_tiles(told)),
            *chapter_blocks(chapters),
        ),
        text,
        subtitle="for an adviser, not for the client",
        figures=_figures(told),
        tables={"weights": _weights_table(told), "walk": _walk_table(told)},
        made=(
            ("Assets", count(len(told.assets))),
            (
                past.unit.many.capitalize(),
                f"{count(len(past.returns))}, {past.days[0]:%Y-%m-%d} to {past.days[-1]:%Y-%m-%d}",
            ),
            ("Optimised by", _optimiser(told)),
        ),
    )


def _optimiser(told: Advice) -> str:
    """The package behind the rules that solve for weights; "" where none was tried."""
    extra = [name for name in told.walks if name in ALLOCATORS and ALLOCATORS[name].extra]
    return f"skfolio {version('skfolio')}" if extra else ""


# --- the answer -----------------------------------------------------------------------------------


def _headline(told: Advice) -> str:
    """Whether any rule is better than 1/N, and which are calmer."""
    better = [name for name, one in told.against.items() if one.better]
    if better:
        said = [f"{name} ({_by(told.against[name].sharpe)})" for name in better]
        lead = f"Proven better than 1/N, by Sharpe ratio after costs: {listing(said)}"
    else:
        tried = " that was tried" if told.untried else ""
        lead = f"No rule{tried} is proven better than 1/N, by Sharpe ratio after costs"
    calmer = [one.name for one in told.allocations[1:] if told.against[one.name].calmer]
    if not calmer:
        return f"{lead}."
    said = [f"{name} lowers volatility by {_lowered(told.against[name])}" for name in calmer]
    return f"{lead}; {listing(said)}."


def _by(figures: Floats) -> str:
    """A difference with its interval."""
    value, low, high = (f"{one:+.2f}" for one in figures)
    return f"{value}, 95 % interval {low} to {high}"


def _lowered(one: Against) -> str:
    """By how much volatility is lower, in points."""
    low, high = (number(-100 * float(end), 2) for end in (one.volatility[2], one.volatility[1]))
    return f"{low} to {high} points"


def _money(told: Advice) -> str:
    """How much may be in the market."""
    bound = told.client.bound
    if bound is None:
        refusal = told.client.refusal
        return "" if refusal is None else refusal.what
    shares = [f"{_whole(told.share(one, bound))} in {one.name}" for one in told.allocations]
    return (
        f"So that a loss of more than {percent(bound.loss)} over {_time(bound.years)} has "
        f"{percent(LEVEL)} chance at most: of the money at most {listing(shares, 'or')}, and the "
        f"rest in cash.{_broken(told)}"
    )


def _broken(told: Advice) -> str:
    """That the losses are not to be relied on, where they were not right; else ""."""
    quarters = len(told.market.starts)
    said = [f"{hits} of {quarters} of {name}" for name, hits in told.broken.items()]
    if not said:
        return ""
    return (
        f" Do not rely on it: in {listing(said)} quarters more was lost than was foretold, where "
        f"{number(LEVEL * quarters, 2)} were promised."
    )


def _whole(share: float) -> str:
    """A share in whole percent, never more than it is."""
    return f"{math.floor(100 * share + 1e-9)} %"


def _time(years: float) -> str:
    if years < 1:
        return f"{number(12 * years, 2)} months"
    if years == 1:
        return "1 year"
    return f"{number(years)} years"


def _tiles(told: Advice) -> tuple[Tile, ...]:
    first = told.allocations[0]
    years = _time(told.client.years)
    tiles = [
        Tile(
            percent(first.careful),
            f"loss over {years} of 1/N",
            f"{percent(LEVEL)} chance of more; wholly in the market, prices rising by "
            f"{percent(told.rise)} a year",
        )
    ]
    bound = told.client.bound
    if bound is not None:
        tiles.insert(0, Tile(percent(bound.loss), "may be lost", f"over {years}"))
        tiles.append(
            Tile(_whole(told.share(first, bound)), "in the market at most", "as 1/N; rest cash")
        )
    rules = len(told.against)
    better = sum(one.better for one in told.against.values())
    tiles.append(Tile(f"{better} of {rules}", "rules better than 1/N", "by Sharpe ratio, proven"))
    return tuple(tiles)


# --- the number that binds ------------------------------------------------------------------------


def _bound(told: Advice) -> list[Block | Refused]:
    client = told.client
    blocks: list[Block | Refused] = []
    if client.said is not None:
        blocks.append(Pairs(client.said.words()))
    else:
        blocks.append(Pairs(tuple(QUESTIONS.items())))
    if client.refusal is not None:
        return [client.refusal, *blocks]
    bound = client.bound
    if bound is None:
        return blocks
    lead = (
        f"No more than {percent(bound.loss)} of the money is to be lost over {_time(bound.years)}, "
        f"but for {percent(LEVEL)} chance. The smallest limit binds:"
    )
    rows = tuple(
        (words, percent(limit), "binds" if limit == bound.loss else "")
        for words, limit in bound.limits
    )
    table = TableBlock(("What an answer allows", "Loss", ""), rows)
    blocks += [Paragraph(lead, "lead"), table]
    blocks += [Paragraph(note) for note in bound.notes]
    return blocks


# --- allocations ----------------------------------------------------------------------------------


def _keeps(told: Advice) -> list[Block]:
    bound, years = told.client.bound, _time(told.client.years)
    heads = [
        "Allocation",
        f"Loss over {years}, wholly in the market",
        f"By {REFITS} refitted generators",
        "Then in the mean",
        "Worst such time of the past",
    ]
    if bound is not None:
        heads[1:1] = [
            "In the market at most",
            "In cash",
            f"Futures that lose over {percent(bound.loss)}",
        ]
    rows = tuple(_kept_row(told, one, bound) for one in told.allocations)
    falling = [one for one in told.allocations if one.drift < min(told.rise, 0.0)]
    blocks: list[Block] = [
        Paragraph(_generator_words(told)),
        *(Paragraph(_falling_words(one)) for one in falling),
        TableBlock(tuple(heads), rows, stacked=True),
    ]
    if bound is not None:
        blocks += [Paragraph(words) for words in (_worst_words(told, bound),) if words]
        blocks.append(Paragraph(_rise_words(told, bound)))
        blocks.append(
            Paragraph(
                "What is in cash stays there, and what is in the market is kept at its weights. "
                "The share is reckoned with the loss at the careful end of all generators, and "
                f"then tried on {count(FUTURES)} other futures.",
                "small",
            )
        )
    return [*blocks, *(Paragraph(sentence, "small") for sentence in told.untried)]


def _kept_row(told: Advice, one: Allocation, bound: LossBound | None) -> tuple[str, ...]:
    low, high = float(one.refitted_losses.min()), float(one.refitted_losses.max())
    worst = "the past is shorter"
    if one.worst is not None:
        worst = percent(one.worst) if one.worst > 0 else "no loss"
    cells = [
        one.name,
        percent(one.loss),
        f"{percent(low)} to {percent(high)}",
        percent(one.beyond),
        worst,
    ]
    if bound is not None:
        share = math.floor(100 * told.share(one, bound) + 1e-9)
        cells[1:1] = [f"{share} %", f"{100 - share} %", percent(told.lose_more(one, bound))]
    return tuple(cells)


def _generator_words(told: Advice) -> str:
    past = told.market.past
    return (
        f"{count(FUTURES)} futures of each, made of days of the past by the measure of today's "
        f"volatility: {percent(LEVEL)} of them lose more than is said. Beside it, from the mildest "
        f"to the hardest, what {REFITS} generators say that were fitted anew to pasts that might "
        f"have been. Prices are taken to rise by {percent(told.rise)} a year in the mean. That is "
        f"an assumption: that they rose in these {count(len(past.returns))} {past.unit.many} does "
        "not say that they will."
    )


def _falling_words(one: Allocation) -> str:
    return (
        f"The prices in {one.name} fell in this past by {percent(-one.drift)} a year, beyond "
        "chance: that is taken to go on."
    )


def _worst_words(told: Advice, bound: LossBound) -> str:
    """What the worst such time of the past would have cost; "" where that was less than the
    bound."""
    lost = {
        one.name: told.share(one, bound) * one.worst
        for one in told.allocations
        if one.worst is not None
    }
    more = {name: loss for name, loss in lost.items() if loss > bound.loss}
    if not more:
        return ""
    said = [f"{percent(_rounded(loss))} in {name}" for name, loss in more.items()]
    return (
        f"{percent(LEVEL)} chance is not none: in the worst {_time(bound.years)} of the past these "
        f"shares would have lost {listing(said)} of all the money, more than the "
        f"{percent(bound.loss)}."
    )


def _rise_words(told: Advice, bound: LossBound) -> str:
    one = told.allocations[0]
    said = [
        f"{_whole(told.share(one, bound, rise - told.rise))} at {percent(rise)} a year"
        for rise in RISES
    ]
    return (
        f"How much hangs on that assumption: of 1/N it would be {listing(said)}. Change it with "
        "option 'assume=rise=NUMBER'; no data can tell which is right."
    )


# --- rules beside 1/N -----------------------------------------------------------------------------


def _better(told: Advice) -> list[Block]:
    market = told.market
    days = market.past.days
    lead = (
        f"{count(len(market.starts))} quarters from {days[market.first + 1]:%Y-%m-%d} to "
        f"{days[-1]:%Y-%m-%d}, each decided by the {LEARNED_YEARS} years before it alone (the "
        f"learned policy by all of them). Buying and selling costs {percent(market.cost)}, one "
        f"asset is at most {percent(market.most)} of what is in the market, and weights drift "
        "with prices until the next quarter."
    )
    rows = []
    for name, walk in told.walks.items():
        one = performance(walk.returns, market)
        beside = told.against.get(name)
        rows.append(
            (
                name,
                percent(one.brought),
                percent(one.volatility),
                f"{one.sharpe:.2f}",
                "" if beside is None else _ends(beside.sharpe, 1, 2),
                "" if beside is None else _ends(beside.volatility, 100, 1),
                percent(one.fall),
                f"{float(walk.turnover.mean()):.2f}",
                _verdict(beside),
            )
        )
    heads = (
        "Rule",
        "Return a year",
        "Volatility",
        "Sharpe ratio",
        "Minus 1/N's",
        "Volatility minus 1/N's, points",
        "Worst fall",
        "Turnover a quarter",
        "Beside 1/N",
    )
    note = (
        "In brackets: 95 % intervals of each difference by itself, from stretches of days that "
        "were drawn again. 'Proven' holds with all rules looked at together: of so many, one "
        "would else look better by chance."
    )
    lines = tuple(f"{name}: {_line(name)}." for name in told.walks)
    blocks: list[Block] = [
        Paragraph(lead),
        TableBlock(heads, tuple(rows), stacked=True),
        Paragraph(note, "small"),
    ]
    if len(told.assets) < 2:
        blocks.insert(0, Paragraph("Of one asset there is nothing to share out: 1/N is all of it."))
    if told.against:
        blocks.append(_forest(told))
    return [*blocks, _worth(told), Listing(lines)]


def _line(name: str) -> str:
    return LINES[name] if name in LINES else ALLOCATORS[name].line


def _ends(figures: Floats, scale: float, digits: int) -> str:
    value, low, high = (f"{scale * float(one):+.{digits}f}" for one in figures)
    return f"{value} ({low} to {high})"


def _verdict(beside: Against | None) -> str:
    if beside is None:
        return "the measure"
    said = []
    if beside.better or beside.worse:
        said.append("proven better" if beside.better else "proven worse")
    else:
        said.append("not proven better")
    if beside.calmer or beside.wilder:
        said.append("proven calmer" if beside.calmer else "proven wilder")
    return ", ".join(said)


def _forest(told: Advice) -> PictureBlock:
    ends = [told.against[name].sharpe for name in told.against]
    series = tuple(
        Series(label, tuple(round(float(one[k]), 4) for one in ends))
        for k, label in enumerate(("difference", "low", "high"))
    )
    title = "Sharpe ratio minus that of 1/N, after costs, with 95 % intervals"
    return PictureBlock("intervals", title, tuple(told.against), series)


def _worth(told: Advice) -> PictureBlock:
    """What 1 grew to, at the end of each quarter."""
    market = told.market
    ends = np.array([end for _, end in market.quarters()])
    days = market.past.days
    shown = [name for name in told.walks if name in _shown_rules(told)]
    series = []
    for name in shown:
        worth = np.cumprod(1 + told.walks[name].returns)[ends - 1 - market.first]
        series.append(Series(name, (1.0, *(round(float(one), 4) for one in worth))))
    moments = (days[market.first], *(days[int(end)] for end in ends))
    return PictureBlock(
        "lines",
        "What 1 became, after costs",
        tuple(f"{one:%Y-%m-%d}" for one in moments),
        tuple(series),
        "quarter",
        "times what was put in",
    )


def _shown_rules(told: Advice) -> Sequence[str]:
    """Rules whose lines can be told apart."""
    return (*(one.name for one in told.allocations), POLICY)


def _promised(told: Advice) -> list[Block]:
    rows = []
    for name, walk in told.walks.items():
        if np.isnan(walk.promised).all():
            continue
        promised, came = float(np.nanmean(walk.promised)), told.market.sharpe(walk.returns)
        rows.append((name, f"{promised:.2f}", f"{came:.2f}", f"{came - promised:+.2f}"))
    lead = (
        "Each rule's Sharpe ratio on the years by which it had decided, which is what an optimiser "
        "promises, and what the quarters after them brought. The years differ, so look at the "
        "row of 1/N, which promises nothing, for what the market itself did."
    )
    heads = ("Rule", "Promised, mean of all quarters", "Came", "Difference")
    return [Paragraph(lead), TableBlock(heads, tuple(rows))]


def _held(told: Advice) -> list[Block]:
    quarters = len(told.market.starts)
    rows = tuple(
        (
            one.name,
            f"{int(exceeded)} of {quarters}",
            percent(float(foretold)),
            percent(max(-float(worst), 0.0)),
        )
        for one, exceeded, foretold, worst in zip(
            told.allocations,
            told.held.exceeded,
            told.held.foretold.mean(axis=0),
            told.held.came.min(axis=0),
            strict=True,
        )
    )
    lead = (
        "The loss of each quarter was foretold by all that was before it, as above; more was to be "
        f"lost in {number(LEVEL * quarters, 2)} of {quarters} quarters at most. Only quarters can "
        "be tried so: of times as long as the horizon the past has too few."
    )
    heads = ("Allocation", "Quarters that lost more", "Foretold, mean", "Worst quarter lost")
    first = told.market.past.days
    came, foretold = 100 * told.held.came[:, 0], -100 * told.held.foretold[:, 0]
    picture = PictureBlock(
        "lines",
        f"What quarters brought and the loss foretold for them: {told.allocations[0].name}",
        tuple(f"{first[start + 1]:%Y-%m-%d}" for start, _ in told.market.quarters()),
        (
            Series("came", tuple(round(float(one), 3) for one in came)),
            Series("foretold loss", tuple(round(float(one), 3) for one in foretold)),
        ),
        "quarter",
        "% of what is in the market",
    )
    return [Paragraph(lead), TableBlock(heads, rows), picture]


# --- the policy -----------------------------------------------------------------------------------


def _policy(told: Advice) -> list[Block]:
    timed = told.timed
    beside, against = timed.beside, told.against[POLICY]
    if against.worse:
        lead = "The learned policy is proven worse than 1/N"
    elif against.better and beside.better:
        lead = "The learned policy is proven better than 1/N and than a threshold rule"
    elif against.better:
        lead = "The learned policy is proven better than 1/N, but not than a threshold rule"
    else:
        lead = "There is no reason to use the learned policy: it is not proven better than 1/N"
    items = [
        f"Beside 1/N, its Sharpe ratio is {_by(against.sharpe)}; beside the threshold rule, which "
        f"learns nothing, {_by(beside.sharpe)}{_proven_words(beside)}.",
        _does(timed.last),
    ]
    if timed.transfer is not None:
        items.append(_transfer_words(timed.transfer))
    how = (
        "Each quarter it is learned anew in 500 made years that may follow what is known by then, "
        "by the gradient of the Sharpe ratio after costs through all of its decisions (direct "
        f"reinforcement learning). It sees {listing(SEEN)}, and what it holds, and decides once a "
        "week, or at each step where they are longer, how much stays in 1/N."
    )
    return [Paragraph(f"{lead}.", "lead"), Listing(tuple(items)), Paragraph(how, "small")]


def _proven_words(beside: Against) -> str:
    if beside.worse:
        return ": it loses to it, proven"
    return ": proven better than it" if beside.better else ": no difference is proven"


def _does(policy: TimingPolicy) -> str:
    """What today's policy does in a few situations."""
    situations = {
        "as usual": (0.0, 0.0, 0.0),
        "with twice the usual volatility": (math.log(2), 0.0, 0.0),
        "with half of it": (-math.log(2), 0.0, 0.0),
        "after a fall by a usual year's move": (0.0, -1.0, -1.0),
    }
    said = []
    for words, seen in situations.items():
        held = 1.0
        for _ in range(20):
            held = policy.exposure(np.array(seen), held)
        said.append(f"{percent(held)} {words}")
    return f"Today's policy keeps in the market: {', '.join(said)}."


def _transfer_words(one: Transfer) -> str:
    gain = one.gain
    proven = "not proven to help"
    if gain.better or gain.worse:
        proven = "proven to help" if gain.better else "proven to harm"
    return (
        f"A start from other assets is {proven}: policies of {plural(one.assets, 'asset')}, "
        f"learned from one year, had a Sharpe ratio of {one.cold:.2f}; those that began with a "
        f"policy of the other {count(one.others)}, {one.warm:.2f} ({_by(gain.sharpe)})."
    )


# --- weights --------------------------------------------------------------------------------------


def _weights(told: Advice) -> list[Block]:
    names = [one.name for one in told.allocations]
    largest = np.max([one.weights for one in told.allocations], axis=0)
    optimised = np.sum([one.weights for one in told.allocations[1:]], axis=0)
    order = np.lexsort((-largest, -np.broadcast_to(optimised, largest.shape)))
    rows = [
        (told.assets[k], *(_weight(one, int(k)) for one in told.allocations))
        for k in order[:MOST_WEIGHTS]
    ]
    lead = (
        "Of what is in the market. In brackets: between which weights 90 % of those lie that the "
        f"rule gives for {REFITS} pasts that might have been; where they are wide, the weight is "
        "chance."
    )
    blocks: list[Block] = [
        Paragraph(lead),
        TableBlock(("Asset", *names), tuple(rows), stacked=len(names) > 2),
    ]
    if len(told.assets) > MOST_WEIGHTS:
        rest = count(len(told.assets) - MOST_WEIGHTS)
        blocks.append(Paragraph(f"{rest} more assets are in weights.csv.", "small"))
    dropped = [told.assets[k] for k in np.flatnonzero(told.allocations[0].weights == 0).tolist()]
    if dropped:
        blocks.append(
            Paragraph(
                f"Not held by any rule, for another asset moves alike and brought more, beyond "
                f"chance: {listing(dropped)}."
            )
        )
    if told.classes:
        blocks.append(_class_table(told))
    return blocks


def _weight(one: Allocation, asset: int) -> str:
    low, high = np.quantile(one.refitted_weights[:, asset], [0.05, 0.95])
    said = percent(_rounded(float(one.weights[asset])))
    if abs(high - low) < 1e-9:
        return said
    return f"{said} ({percent(_rounded(float(low)))} to {percent(_rounded(float(high)))})"


def _rounded(share: float) -> float:
    return round(share, 3)


def _class_table(told: Advice) -> TableBlock:
    kinds = sorted({told.classes[asset] for asset in told.assets})
    rows = []
    for kind in kinds:
        of_kind = np.array([told.classes[asset] == kind for asset in told.assets])
        cells = (percent(_rounded(float(one.weights[of_kind].sum()))) for one in told.allocations)
        rows.append((kind, *cells))
    heads = ("Class", *(one.name for one in told.allocations))
    return TableBlock(heads, tuple(rows))


# --- limits, figures, tables ----------------------------------------------------------------------


def _prices(told: Advice) -> list[Block]:
    """What was left out of the table, and what looks wrong in it."""
    past = told.market.past
    spread = past.returns.std(axis=0) * np.sqrt(past.unit.a_year)
    still = [told.assets[k] for k in np.flatnonzero(spread < HARDLY).tolist()]
    notes = list(past.notes)
    if still:
        notes.append(
            f"{listing(still)} hardly {'moves' if len(still) == 1 else 'move'}, as cash does: by "
            "Sharpe ratio, whatever holds most of it looks best, unless option "
            "'assume=cash=NUMBER' says what cash brings."
        )
    return [Listing(tuple(notes))] if notes else []


def _limits(told: Advice) -> tuple[str, ...]:
    past, years = told.market.past, told.client.years
    stretches = len(past.returns) / past.unit.a_year / years
    said = [
        "What the client draws and pays in is not part of the futures: a loss is one of prices.",
        f"This past holds {number(stretches, 2)} times of {_time(years)} that do not overlap: "
        "losses over so long are what the generator makes of days, not experience.",
    ]
    if told.market.most * len(told.assets) <= 1:
        said.append(
            f"With {plural(len(told.assets), 'asset')} of which each may be at most "
            f"{percent(told.market.most)}, there is nothing to choose: every rule holds as much of "
            "each. Option 'assume=most=NUMBER' allows more."
        )
    return tuple(said)


def _figures(told: Advice) -> dict[str, float]:
    figures = {
        "days": float(len(told.market.past.returns)),
        "quarters": float(len(told.market.starts)),
        "rules_better": float(sum(one.better for one in told.against.values())),
        "years": told.client.years,
    }
    bound = told.client.bound
    if bound is not None:
        figures["bound"] = bound.loss
    for one, exceeded in zip(told.allocations, told.held.exceeded, strict=True):
        figures[f"loss: {one.name}"] = one.loss
        figures[f"careful loss: {one.name}"] = one.careful
        figures[f"quarters exceeded: {one.name}"] = float(exceeded)
        if bound is not None:
            figures[f"share: {one.name}"] = told.share(one, bound)
            figures[f"lose more: {one.name}"] = told.lose_more(one, bound)
    for name, walk in told.walks.items():
        done = performance(walk.returns, told.market)
        figures[f"return: {name}"] = done.brought
        figures[f"volatility: {name}"] = done.volatility
        figures[f"sharpe: {name}"] = done.sharpe
        figures[f"promised sharpe: {name}"] = float(walk.promised.mean())
        figures[f"turnover: {name}"] = float(walk.turnover.mean())
    pairs = [(name, one) for name, one in told.against.items()]
    pairs.append(("policy beside threshold", told.timed.beside))
    if told.timed.transfer is not None:
        pairs.append(("warm start beside cold", told.timed.transfer.gain))
    for name, beside in pairs:
        for what, ends in (("sharpe", beside.sharpe), ("volatility", beside.volatility)):
            for end, value in zip(("", " low", " high"), ends, strict=True):
                figures[f"{what} difference{end}: {name}"] = float(value)
    return figures


def _weights_table(told: Advice) -> pl.DataFrame:
    """A row for each asset: its weight by each rule today, and between which 90 % of refits lie."""
    columns: dict[str, Sequence[str] | Floats] = {"asset": told.assets}
    if told.classes:
        columns["class"] = [told.classes[asset] for asset in told.assets]
    for one in told.allocations:
        low, high = np.quantile(one.refitted_weights, [0.05, 0.95], axis=0)
        columns[one.name] = one.weights.round(6)
        columns[f"{one.name}: low"] = low.round(6)
        columns[f"{one.name}: high"] = high.round(6)
    return pl.DataFrame(columns)


def _walk_table(told: Advice) -> pl.DataFrame:
    """A row for each step: what each rule would have brought on it, after costs."""
    market = told.market
    columns = {market.past.unit.one: market.past.days[market.first + 1 :]}
    frame = pl.DataFrame(columns)
    return frame.with_columns(
        pl.Series(name, walk.returns.round(8)) for name, walk in told.walks.items()
    )
