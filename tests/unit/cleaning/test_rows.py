"""Rows that are no records: planted ones are found and left out, and records are not."""

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.cleaning.plan import Plan, apply, clean, learn, records
from tidemill.cleaning.rows import CHECK
from tidemill.cleaning.shifted import form
from tidemill.cleaning.totals import label_of
from tidemill.core.run import Run

N = 60
RNG = np.random.default_rng(4)
DAYS = [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(N)]
REGIONS = [["West", "East", "North"][i % 3] for i in range(N)]
PIECES = [int(n) for n in RNG.integers(1, 20, N)]
AMOUNTS = [round(float(x), 2) for x in RNG.uniform(1, 100, N)]
SALES = [[str(cell) for cell in row] for row in zip(DAYS, REGIONS, PIECES, AMOUNTS, strict=True)]
NAMES = ["Date", "Region", "Quantity", "Amount"]
SUMS = [str(sum(PIECES)), f"{sum(AMOUNTS):.2f}"]

TOTALS = (
    "Total|TOTAL:|Grand total|Sub-total|West total|Total West|Summe|Gesamt|Zwischensumme|i alt|"
    "合计|合 计:|小计|总计|本月合计|合計|小計|합계|期末余额|Итого:|Всего|"
    "Total général|Sous-total|Somme|Totale|Totaal|Suma|Razem|Celkem|Sum|Closing balance|Übertrag"
)


@pytest.fixture
def sales():
    """Sales as a frame of texts, with other rows put in at some places: (place, cells)."""

    def read(*planted, names=NAMES, rows=SALES):
        lines = [list(row) for row in rows]
        for at, cells in planted:
            lines.insert(at, cells)
        return tm.read(pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String), orient="row"))

    return read


def left_out(data):
    """Positions of the rows that are left out."""
    plan = learn(data, Run(), ["rows"])
    return apply(plan, data).changes["row"].to_list()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        *[(text, "total") for text in TOTALS.split("|")],
        *[(text, "mean") for text in ("Average", "Mittelwert", "平均", "Moyenne")],
        *[(text, "") for text in ("Totally Tea", "Summer", "Sumatra", "Meaning", "小明")],
        ("the total that we had in our books at the end of the year", ""),
    ],
)
def test_words_for_totals_are_known(text, what):
    assert label_of(text) == what


@pytest.mark.parametrize(
    "cells",
    [
        ["Total", None, *SUMS],
        [None, "Total", *SUMS],
        ["Grand Total:", None, None, SUMS[1]],
        ["合计", None, *SUMS],
        ["Summe", None, *SUMS],
        ["Total général", None, *SUMS],
        ["Итого", None, *SUMS],
        ["Total", None, "17", "99.5"],  # of a file that was filtered: no date, no region
        [None, None, *SUMS],  # without a word
        ["Average", None, f"{np.mean(PIECES):.2f}", f"{np.mean(AMOUNTS):.2f}"],
    ],
)
def test_a_total_at_the_end_is_left_out(sales, cells):
    data = sales((N, cells))
    cleaned = clean(data, Run())
    assert cleaned.left_out == 1
    assert len(cleaned.data) == N
    assert cleaned.changes.filter(pl.col("column") == "")["row"].to_list() == [N]
    assert cleaned.data.schema["Date"].kind == "datetime"
    assert cleaned.data["Amount"].sum() == pytest.approx(sum(AMOUNTS))


def test_the_log_holds_the_row_as_it_was(sales):
    cleaned = clean(sales((N, ["Total", None, *SUMS])), Run())
    entry = cleaned.changes.filter(pl.col("column") == "").row(0, named=True)
    assert entry["before"].startswith("Total |  | ")
    assert entry["after"] is None
    assert (entry["check"], entry["reason"]) == ("rows", "a row of totals")
    assert "row 61" in cleaned.issues[0].sentence
    assert cleaned.summary == "0 cells changed, 1 row left out"


def test_subtotals_are_left_out_and_no_record_beside_them(sales):
    halves = [(str(sum(PIECES[:30])), f"{sum(AMOUNTS[:30]):.2f}")]
    halves.append((str(sum(PIECES[30:])), f"{sum(AMOUNTS[30:]):.2f}"))
    data = sales(
        (30, ["Subtotal", None, *halves[0]]),
        (61, ["Subtotal", None, *halves[1]]),
        (62, ["Total", None, *SUMS]),
    )
    assert left_out(data) == [30, 61, 62]


@pytest.mark.parametrize("every", [N, 7, 3])
def test_a_shop_called_total_stays(sales, every):
    rows = [list(row) for row in SALES]
    for i in range(5, N, every):
        rows[i][1] = "Total"
    assert left_out(sales(rows=rows)) == []


def test_a_level_for_all_of_a_breakdown_is_told_and_kept(table):
    sexes, people = [], []
    for i in range(40):
        men, women = 10 + i * 3, 20 + i * 5
        sexes += ["men", "women", "Total"]
        people += [men, women, men + women]
    towns = [f"town {i % 4}" for i in range(40) for _ in range(3)]
    data = table(town=towns, sex=sexes, people=people)
    diagnosis = CHECK.diagnose(data, Run())
    assert not diagnosis.repair
    assert [(issue.applied, issue.count) for issue in diagnosis.issues] == [(False, 40)]


@pytest.mark.parametrize(
    "note",
    [
        "Source: ledger of the firm",
        "* without returns",
        "注：不含税",
        "Report printed on 2 May",
    ],
)
@pytest.mark.parametrize("column", [0, 1])
def test_notes_are_left_out(sales, note, column):
    cells = [None] * 4
    cells[column] = note
    assert left_out(sales((N, cells))) == [N]
    assert left_out(sales((N, cells), (0, cells[::1]))) in ([0, N + 1], [])  # twice: may be a level


def test_a_note_of_two_cells_is_left_out(sales):
    assert left_out(sales((N, ["Printed:", "2 May 2024", None, None]))) == [N]


def test_an_answer_to_the_first_question_only_is_kept(table):
    words = ["yes", "no", "maybe", "rarely"]
    answers = {f"q{k}": [words[(i * k) % 4] for i in range(1, 101)] for k in range(1, 6)}
    for name in list(answers)[1:]:
        answers[name][50:54] = [None] * 4
    assert left_out(table(**answers)) == []


def test_a_repeated_header_is_left_out_and_columns_are_typed(sales):
    cleaned = clean(sales((30, NAMES), (45, NAMES)), Run())
    assert cleaned.left_out == 2
    kinds = [cleaned.data.schema[name].kind for name in NAMES]
    assert kinds == ["datetime", "category", "number", "number"]


def test_a_row_of_units_is_left_out(sales):
    assert left_out(sales((0, [None, None, "(pcs)", "(EUR)"]))) == [0]


def test_empty_rows_are_left_out(sales):
    blank = [None] * 4
    cleaned = clean(sales((10, blank), (20, ["", " ", None, "-"]), (N + 2, blank)), Run())
    assert cleaned.left_out == 3
    assert len(cleaned.data) == N
    assert not any(cleaned.data.schema[name].nullable for name in ("Quantity", "Amount"))


APPS = {
    "app": [f"App {chr(65 + i % 26)}{chr(97 + i % 24)} maker" for i in range(300)],
    "category": [["GAME", "TOOLS", "ART AND DESIGN"][i % 3] for i in range(300)],
    "rating": [f"{i % 40 / 10 + 1:.1f}" for i in range(300)],
    "reviews": [str(i * 37 % 900) for i in range(300)],
    "size": [f"{i % 70}M" for i in range(300)],
    "installs": [["10,000+", "500+", "1,000+"][i % 3] for i in range(300)],
    "type": [["Free", "Paid"][i % 2] for i in range(300)],
    "rated": [["Everyone", "Teen"][i % 2] for i in range(300)],
    "updated": [f"{['March', 'May', 'July'][i % 3]} {i % 28 + 1}, 201{i % 9}" for i in range(300)],
}
SHIFTED = ["Photo Frame", "1.9", "19", "3M", "1,000+", "Free", "Everyone", "May 11, 2018", None]


def test_a_row_with_a_lost_cell_is_left_out(sales):
    rows = [list(row) for row in zip(*APPS.values(), strict=True)]
    data = sales((120, SHIFTED), names=list(APPS), rows=rows)
    plan = learn(data, Run(), ["rows"])
    assert apply(plan, data).changes["row"].to_list() == [120]
    assert "too far to the left from 'category' on" in plan.issues[0].sentence
    assert left_out(sales(names=list(APPS), rows=rows)) == []


def test_forms_make_words_and_numbers_alike():
    assert form("May 11, 2018") == form("January 4, 2010")


def test_positions_in_the_log_are_those_of_the_rows_that_came_in(sales):
    rows = [list(row) for row in SALES]
    rows[50][1] = "west"
    cleaned = clean(sales((10, NAMES), (11, [None] * 4), rows=rows), Run())
    changed = cleaned.changes.filter(pl.col("check") == "variants")
    assert changed.select("row", "before", "after").rows() == [(52, "west", "West")]


def test_rows_are_left_out_before_they_are_divided(sales):
    data = sales((N, ["Total", None, *SUMS]))
    run = Run()
    first = records(data, run)
    assert len(first.data) == N
    assert "1 row is a total" in run.warnings[0]
    plan = learn(first.data.rows(np.arange(40)), run, after=first.plan)
    assert Plan.from_state(plan.to_state()) == plan
    assert apply(plan, data).left_out == 1
    assert apply(plan, first.data.rows(np.arange(40, N))).left_out == 0


def test_an_applied_plan_leaves_out_nothing_more(sales):
    data = sales((0, [None] * 4), (30, NAMES), (N + 2, ["Total", None, *SUMS]))
    plan = learn(data, Run())
    once = apply(plan, data)
    assert once.left_out == 3
    assert apply(plan, once.data).changes.is_empty()


def test_origins_stay_with_their_rows(sales):
    from dataclasses import replace

    data = sales((2, [None] * 4))
    data = replace(data, origin=pl.Series(range(len(data)), dtype=pl.Int16))
    cleaned = clean(data, Run())
    assert cleaned.data.origin.to_list() == [0, 1, *range(3, N + 1)]


@pytest.mark.parametrize("seed", range(20))
def test_ordinary_tables_keep_all_their_rows(table, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 300))
    sparse = [None if rng.random() < 0.5 else str(word) for word in rng.choice(["a", "b"], n)]
    data = table(
        count=rng.poisson(2, n),
        money=rng.lognormal(3, 1, n).round(2),
        flag=rng.random(n) < 0.1,
        town=rng.choice(["Total Ville", "Bergen", "Sum", "Oslo", "Mean"], n),
        note=[str(x) for x in rng.choice(["total loss", "fine", "see note", "printed"], n)],
        sparse=sparse,
    )
    assert left_out(data) == []


def test_comments_alone_in_their_row_are_kept(table):
    said = [f"the room number {i} was small but very clean" for i in range(60)]
    said[7] = "note that the breakfast was cold on both days"
    stars = [float(i % 5 + 1) for i in range(60)]
    towns = [["Oslo", "Bergen", "Rome"][i % 3] for i in range(60)]
    nights = [i % 7 + 1 for i in range(60)]
    for row in (7, 20, 21):
        stars[row] = towns[row] = nights[row] = None
    assert left_out(table(comment=said, stars=stars, town=towns, nights=nights)) == []


def test_customers_without_orders_are_kept(table):
    data = table(
        customer=[f"C{i:05d}" for i in range(300)],
        orders=[None if i % 3 else i for i in range(300)],
        amount=[None if i % 3 else i * 1.5 for i in range(300)],
        town=[None if i % 3 else "Oslo" for i in range(300)],
    )
    diagnosis = CHECK.diagnose(data, Run())
    assert not diagnosis.issues


def test_headings_of_groups_are_left_out(sales):
    heading = ["Region West", None, None, None]
    rows = [[["tea", "cup", "pot"][i % 3], *row[1:]] for i, row in enumerate(SALES)]
    assert left_out(sales((0, heading), rows=rows)) == [0]


def test_words_that_come_again_among_numbers_are_levels(table):
    grades = [["1", "2", "3", "4", "5", "n.b."][i % 6] for i in range(120)]
    data = table(grade=grades, points=[i * 3 % 50 for i in range(120)])
    assert not CHECK.diagnose(data, Run()).issues


def test_groups_in_a_column_of_their_own_are_left_out(sales):
    rows = [[None, *row] for row in SALES]
    planted = [(0, ["Checking", *[None] * 4]), (31, ["Savings", *[None] * 4])]
    data = sales(*planted, names=["", *NAMES], rows=rows)
    assert left_out(data) == [0, 31]
    assert "2 rows are headings and no records (rows 1 and 32)." in str(
        CHECK.diagnose(data, Run()).issues
    )


def test_films_called_total_something_are_no_totals(table):
    films = [
        ["Total Eclipse", "Heat", "Total Recall", "Emma", "Toy Story"][i % 5] for i in range(200)
    ]
    stars = RNG.integers(1, 6, 200)
    assert left_out(table(film=films, stars=stars)) == []


@pytest.mark.parametrize("seed", range(12))
def test_planted_totals_are_found_in_random_tables(table, seed):
    rng = np.random.default_rng(seed)
    n, groups = 12, int(rng.integers(2, 6))
    word = str(rng.choice(["Subtotal", "小计", "Zwischensumme", "Sous-total", "Subtotal:"]))
    last = str(rng.choice(["Total", "合计", "Summe", "Total général", "Итого"]))
    lines, planted, amounts, pieces = [], [], [], []
    for _ in range(groups):
        money, count = rng.lognormal(4, 1, n).round(2), rng.integers(1, 50, n)
        for x, k in zip(money, count, strict=True):
            lines.append([str(rng.choice(["West", "East"])), str(rng.choice(["a", "b"])), x, k])
        planted.append(len(lines))
        lines.append([word, None, money.sum(), count.sum()])
        amounts.append(money.sum())
        pieces.append(count.sum())
    planted.append(len(lines))
    lines.append([last, None, sum(amounts), sum(pieces)])
    town, kind, amount, piece = (list(column) for column in zip(*lines, strict=True))
    data = table(town=town, kind=kind, amount=amount, pieces=[int(k) for k in piece])
    assert left_out(data) == planted


@pytest.mark.parametrize(
    ("label", "out"),
    [
        ("Total Recall", False),
        ("Total Eclipse 2", False),
        ("Total West", True),
        ("Total January", True),
        ("Total Q1 2024", True),
        ("Total for the year", True),
        ("Total region", True),
    ],
)
def test_a_name_that_begins_with_a_total_is_no_total_of_its_own(sales, label, out):
    cells = [None, label, "17", "99.5"]
    assert left_out(sales((N, cells))) == ([N] if out else [])


def test_a_level_called_none_is_no_gap(sales):
    rows = [list(row) for row in SALES]
    for i in range(0, N, 4):
        rows[i][0] = "None"
    cells = (N, ["None", "Total Recall", "17", "99.5"])
    films = sales(cells, names=["Genre", *NAMES[1:]], rows=rows)
    assert left_out(films) == []


@pytest.mark.parametrize("word", ["Max", "Median", "b/f", "Balance Forward", "Suma final", "Std"])
def test_a_word_in_the_place_of_a_date_beside_numbers_only_is_a_summary(sales, word):
    assert left_out(sales((N, [word, None, "17", "99.5"]))) == [N]
    assert left_out(sales((9, [word, None, "17", "99.5"]), (N, [word, None, "2", "5"]))) == [9, N]


@pytest.mark.parametrize(
    "cells",
    [
        ["pending", "West", "17", "99.5"],
        ["unknown", None, "17", "99.5"],
        ["2024-13-45", None, "17", "99.5"],  # a slip
    ],
)
def test_a_record_with_a_word_or_a_slip_for_its_date_stays(sales, cells):
    assert left_out(sales((N, cells))) == []
