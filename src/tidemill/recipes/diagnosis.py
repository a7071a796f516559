"""Images with a label: whether a classifier can be trusted with them, which ones a person has to
see, and where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.one_thread import one_thread
from tidemill.core.run import Run
from tidemill.core.verdict import Verdict
from tidemill.core.words import count, listing, percent, plural, points, ratio, share_interval
from tidemill.diagnosing.groups import ImageGroup, failing_groups
from tidemill.diagnosing.measuring import (
    BINS,
    GUARANTEE,
    SURE,
    Bools,
    ClassFigures,
    MeasuredShare,
    PartDifference,
    answer_sets,
    believed,
    class_figures,
    in_bins,
    least_chance,
    part_difference,
    share_of,
    surprise,
    unsureness,
)
from tidemill.diagnosing.mending import LocalChances, local_chances
from tidemill.diagnosing.sides import left_out_words
from tidemill.imaging.pixels import image_name, image_pixels
from tidemill.mining.calibration import Reliability
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeColumn,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.diagnosis_case import (
    SPLIT,
    AnsweredPart,
    AskedImages,
    DiagnosisCase,
    answered,
    asked_images,
    decisions,
)
from tidemill.recipes.diagnosis_evidence import (
    ImageAttention,
    attention,
    doubtful_blocks,
    looked_at_blocks,
)
from tidemill.recipes.diagnosis_generated import generated_blocks, generated_verdict
from tidemill.recipes.parts import PageChapter, chapter_blocks, with_columns_before
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
from tidemill.supervised.arrays import Floats

TITLE = "Can a classifier be trusted with these images?"
TOY = 64
"""Images of fewer pixels a side show less than a person would be shown."""
BARELY = 0.6
"""An area under the ROC curve that is hardly better than guessing."""
STEPS = 20
MOST_HANDED = 0.5
SHOWN_GROUPS = 14
COMPARED = ("right answers", "answers held by the set", "surprise")
_PARTS = ("validation", "test")

ASSUMPTIONS = (
    Assumption("miss", None, "what it costs to miss an image of what is looked for", 0.0),
    Assumption("alarm", None, "what a false alarm costs", 0.0),
    Assumption("handed", 0.2, "the share of images that a person can look at", 0.0, 0.9),
    Assumption(
        "generate", 0.0, "minutes to learn to make images, to see whether they help", 0.0, 600.0
    ),
)


class DiagnosisOptions(TypedDict, total=False):
    """What the recipe takes beside the data and the run."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput
    positive: str | None


@dataclass(frozen=True)
class HandedOver:
    """What is answered wrongly where the unsure images go to a person.

    Attributes:
        share: Of the images that go to a person.
        kept: The share of wrong answers among the others.
        handed: The share of wrong answers that these images would have got.
    """

    share: float
    kept: MeasuredShare
    handed: MeasuredShare


@dataclass(frozen=True)
class ImageDiagnosis:
    """All that the page tells.

    Attributes:
        case: The images, and what is said of them.
        classes: How well each class is told on the test images.
        right: The share of right answers on them.
        believed: Whether chances hold, by part.
        least_in_set: The chance from which on a class is in the set of answers.
        covered: The share of images whose set holds the right answer, by part; of the test images
            of each class, too, by its name.
        differences: Between validation and test.
        local: What the classifier's chances would be worth, settled on half of the test images.
        handing: By share handed over.
        attention: Where the classifier looks.
        groups: Where it fails.
        generated: Whether generated images help; None where that was not asked.
    """

    case: DiagnosisCase
    classes: tuple[ClassFigures, ...]
    right: MeasuredShare
    believed: Mapping[str, Reliability]
    least_in_set: float
    covered: Mapping[str, MeasuredShare]
    differences: tuple[PartDifference, ...]
    local: LocalChances
    handing: tuple[HandedOver, ...]
    attention: ImageAttention
    groups: tuple[ImageGroup, ...]
    generated: Verdict | None = None

    @property
    def asked(self) -> AskedImages:
        """The images."""
        return self.case.asked

    @property
    def main(self) -> ClassFigures | None:
        """Of two classes the one that is looked for; None of several."""
        return self.classes[1] if len(self.classes) == 2 else None

    @property
    def learned_something(self) -> bool:
        """Whether any class is proven to be told more than barely better than by guessing."""
        return any(one.area.low > BARELY for one in self.classes)

    @property
    def differing(self) -> tuple[PartDifference, ...]:
        """What differs between validation and test by more than chance, all comparisons reckoned
        with."""
        return tuple(one for one in self.differences if one.p_value < SURE / len(self.differences))


def diagnosis(data: Dataset, run: Run, **options: Unpack[DiagnosisOptions]) -> RecipePage:
    """The page for a radiologist, or whoever answers for the quality of answers."""
    assumed = options["assumed"]
    costs = _costs(assumed)
    asked = asked_images(data, options["columns"], options.get("positive"), run)
    if isinstance(asked, Refused):
        return RecipePage(
            TITLE,
            (asked,),
            (f"Images: {asked.why}",),
            made=(("Images", plural(len(data), "image")),),
        )
    if costs is not None and len(asked.classes) > 2:
        raise OptionError(
            "a miss and a false alarm are of one class among two",
            hint="say which class is looked for with option 'positive', or leave "
            "option 'assume=miss=NUMBER' out",
        )
    # sums of several threads differ in their last digits
    with one_thread(openmp=True):
        told = _measured(answered(asked, costs, run), run)
    if assumed["generate"]:
        verdict = generated_verdict(told.case, float(assumed["generate"]), run)
        told = replace(told, generated=verdict)
    with one_thread(openmp=True):
        return _page(told, float(assumed["handed"]), run)


DIAGNOSIS = Recipe(
    diagnosis,
    columns=(
        RecipeColumn("target", "what an image shows"),
        RecipeColumn("entity", "which patient or source an image is of", required=False),
        RecipeColumn(SPLIT, "which images are for train, val and test", required=False),
    ),
    options=(RecipeOption("positive", None, stated.POSITIVE),),
    assumptions=ASSUMPTIONS,
    tables=("cases",),
)


def _costs(assumed: Mapping[str, float | str]) -> tuple[float, float] | None:
    given = [name for name in ("miss", "alarm") if name in assumed]
    if not given:
        return None
    if len(given) == 1 or not all(float(assumed[name]) > 0 for name in given):
        raise OptionError(
            "both costs are needed, above 0",
            hint="give option 'assume=miss=NUMBER' and option 'assume=alarm=NUMBER'",
        )
    return float(assumed["miss"]), float(assumed["alarm"])


def _measured(case: DiagnosisCase, run: Run) -> ImageDiagnosis:
    asked, test = case.asked, case.test
    parts = dict(zip(_PARTS, (case.validation, case.test), strict=True))
    least = least_chance(case.validation.chances, case.validation.truth)
    held = {name: _held(part, least) for name, part in parts.items()}
    covered = {name: share_of(held[name], part.whose) for name, part in parts.items()}
    for k, name in enumerate(asked.classes):
        own = test.truth == k
        covered[f"of {name}"] = share_of(held["test"][own], test.whose[own])
    rows = asked.data.rows(test.at)
    groups = failing_groups(
        _without(rows, asked),
        asked.pixels[test.at],
        [asked.classes[k] for k in test.truth],
        test.wrong,
        test.whose,
    )
    return ImageDiagnosis(
        case,
        class_figures(
            asked.classes, test.chances, test.truth, test.decided, test.whose, run.child("classes")
        ),
        share_of(~test.wrong, test.whose),
        {name: believed(part.chances, part.truth, run) for name, part in parts.items()},
        least,
        covered,
        _differences(case, held),
        local_chances(test.chances, test.truth, test.whose, run),
        tuple(_handing(case, k / STEPS) for k in range(int(MOST_HANDED * STEPS) + 1)),
        attention(case, run),
        groups,
    )


def _held(part: AnsweredPart, least: float) -> Bools:
    sets = answer_sets(part.chances, least)
    return sets[np.arange(len(part.truth)), part.truth]


def _without(rows: Dataset, asked: AskedImages) -> Dataset:
    """The columns by which groups of images are made."""
    target = rows.target
    names = [
        column.name
        for column in rows.schema
        if column.role in ("feature", "sensitive") and column.kind != "image"
    ]
    gone = {asked.source, asked.split, "" if target is None else target.name}
    return rows.select([name for name in names if name not in gone])


def _differences(case: DiagnosisCase, held: Mapping[str, Bools]) -> tuple[PartDifference, ...]:
    first, second = case.validation, case.test
    compared = (
        (~first.wrong, ~second.wrong),
        (held["validation"], held["test"]),
        (surprise(first.chances, first.truth), surprise(second.chances, second.truth)),
    )
    return tuple(
        part_difference(
            name, np.asarray(one, float), first.whose, np.asarray(other, float), second.whose
        )
        for name, (one, other) in zip(COMPARED, compared, strict=True)
    )


def _handing(case: DiagnosisCase, share: float) -> HandedOver:
    gone = _least_sure(case, share)
    wrong, whose = case.test.wrong, case.test.whose
    return HandedOver(
        share, share_of(wrong[~gone], whose[~gone]), share_of(wrong[gone], whose[gone])
    )


def _least_sure(case: DiagnosisCase, share: float) -> Bools:
    """(n,) which test images go to a person, if so large a share of them does."""
    order = np.argsort(-unsureness(case.test.chances, case.least), kind="stable")
    gone = np.zeros(len(order), bool)
    gone[order[: round(share * len(order))]] = True
    return gone


# --- the page -------------------------------------------------------------------------------------


def _page(told: ImageDiagnosis, handed: float, run: Run) -> RecipePage:
    asked = told.asked
    answer, warnings = _answer(told, handed), _warnings(told)
    chapters = (
        PageChapter("well", "How well are they told apart?", _well(told)),
        PageChapter("believe", "Are the chances to be believed?", _believe(told)),
        PageChapter("person", "Which images go to a person?", _person(told, handed)),
        PageChapter(
            "evidence", "What does it look at?", looked_at_blocks(told.case, told.attention)
        ),
        PageChapter("doubtful", "Doubtful images, to be checked", doubtful_blocks(told.case, run)),
        PageChapter("groups", "Where does it fail?", _groups(told)),
        PageChapter("generated", "Do generated images help?", generated_blocks(told.generated)),
        PageChapter("limits", "What this page cannot say", [Listing(_limits(told))]),
    )
    blocks: list[Block] = [answer, *warnings, Figures(_tiles(told, handed))]
    sides = ", ".join(
        f"{count(len(asked.at(side)))} {words}"
        for side, words in enumerate(("learned from", "to settle chances", "tested on"))
    )
    return RecipePage(
        TITLE,
        (*blocks, *chapter_blocks(chapters)),
        (
            f"Answer: {answer.title} {answer.text}",
            *(f"Warning: {one.title} {one.text}" for one in warnings),
            *(f"Left out: {words}" for words in left_out_words(asked.sides)),
        ),
        subtitle=_subject(asked),
        figures=_figures(told, handed),
        tables={"cases": _cases(told, handed, run)},
        made=(
            ("Images", sides),
            ("Persons or sources", _source_words(asked)),
            ("Classifier", listing(list(told.case.reader.ways))),
        ),
    )


def _subject(asked: AskedImages) -> str:
    return (
        f"{asked.looked_for} or {asked.classes[0]}" if asked.looked_for else listing(asked.classes)
    )


def _source_words(asked: AskedImages) -> str:
    if not asked.source:
        return "not told: each image counts as one of its own"
    return f"{count(len(np.unique(asked.whose)))}, by '{asked.source}'"


def _answer(told: ImageDiagnosis, handed: float) -> Callout:
    """Whether to trust it, with one figure and how sure that is."""
    figure = _figure_sentence(told)
    if not told.learned_something:
        return Callout(
            "danger",
            "Do not use it.",
            f"It is not proven to be more than barely better than guessing. {figure}",
        )
    if told.differing or told.attention.suspicious:
        return Callout("warning", "Not as it is.", figure)
    at = _handing(told.case, handed)
    return Callout(
        "note",
        "Beside a person, yes.",
        f"{figure} Where a person looks at the {percent(handed)} that it is least sure of, "
        f"{_interval(at.kept)} of the other answers are wrong.",
    )


def _figure_sentence(told: ImageDiagnosis) -> str:
    main = told.main
    if main is None:
        return (
            f"{_interval(told.right)} of {plural(told.right.images, 'test image')} are told right."
        )
    return (
        f"It finds {_interval(main.found)} of the test images that show {main.name}, and "
        f"gives no alarm for {_interval(main.spared)} of the others (in brackets: 95 % intervals)."
    )


def _interval(share: MeasuredShare) -> str:
    """A share with its 95 % interval, as short as a table needs it."""
    if not share.images:
        return "–"
    ends = share_interval(share.low, share.high).removeprefix("95 % interval ")
    return f"{percent(share.value)} ({ends})"


def _warnings(told: ImageDiagnosis) -> list[Callout]:
    found = []
    if told.differing:
        found.append(
            Callout(
                "warning", "The test images are not like the validation images.", _carried(told)
            )
        )
    if told.attention.suspicious:
        found.append(Callout("warning", "It may go by a mark.", told.attention.warning()))
    return found


def _carried(told: ImageDiagnosis) -> str:
    """What does not carry over from validation to test."""
    test, first = told.covered["test"], told.covered["validation"]
    worst = min(told.asked.classes, key=lambda name: told.covered[f"of {name}"].value)
    own = told.covered[f"of {worst}"]
    before, after = (told.believed[name].error for name in _PARTS)
    right = told.differences[0]
    return (
        f"Sets of answers that hold the right one for {percent(first.value)} of the validation "
        f"images, where {percent(GUARANTEE)} were asked, hold it for {_interval(test)} of the test "
        f"images, and for {_interval(own)} of those that show {worst}. Right answers: "
        f"{percent(right.validation)} and {percent(right.test)}; chances are off by "
        f"{points(before)} and {points(after)} on average. What was promised on validation images "
        "does not hold elsewhere."
    )


def _tiles(told: ImageDiagnosis, handed: float) -> tuple[Tile, ...]:
    main = told.main
    at = _handing(told.case, handed)
    tiles = []
    if main is not None:
        tiles += [
            Tile(ratio(main.area.value), "AUC", "1 is perfect, 0.5 guessing"),
            Tile(percent(main.found.value), "found", f"of those that show {main.name}"),
            Tile(percent(main.spared.value), "without alarm", "of the others"),
        ]
    tiles.append(Tile(percent(told.right.value), "right answers", "on the test images"))
    if main is None:
        tiles.append(
            Tile(
                percent(told.covered["test"].value),
                "held by the set",
                f"{percent(GUARANTEE)} asked",
            )
        )
    tiles.append(
        Tile(
            percent(at.kept.value),
            "wrong of those it keeps",
            f"when {percent(handed)} go to a person",
        )
    )
    return tuple(tiles)


def _well(told: ImageDiagnosis) -> list[Block]:
    shown = told.classes if told.main is None else (told.main,)
    rows = tuple(
        (
            one.name,
            one.found.images,
            f"{ratio(one.area.value)} ({ratio(one.area.low)} to {ratio(one.area.high)})",
            _interval(one.found),
            _interval(one.spared),
        )
        for one in shown
    )
    heads = (
        "Shows",
        "Test images",
        "AUC (95 % interval)",
        "Found (sensitivity), 95 %",
        "Others without alarm (specificity), 95 %",
    )
    asked = told.asked
    lead = (
        f"Measured on {plural(told.right.images, 'image')} that were not learned from; "
        f"{_interval(told.right)} are told right. The AUC says how often, of an image of the class "
        "and another, the right one gets the higher chance."
    )
    whose = (
        f"Images of one '{asked.source}' count as one witness in all intervals."
        if asked.source
        else "No column says whose an image is, so each counts as a witness of its own; where one "
        "patient has several, intervals are too narrow. Say it with option 'entity'."
    )
    blocks: list[Block] = [
        Paragraph(lead),
        TableBlock(heads, rows, stacked=True),
        Paragraph(_point_words(told)),
        Paragraph(whose, "small"),
        *(Paragraph(words, "small") for words in left_out_words(asked.sides)),
    ]
    if told.main is None:
        blocks.append(_confusion(told))
    return blocks


def _point_words(told: ImageDiagnosis) -> str:
    main = told.main
    if main is None:
        return "The likeliest class is said."
    from_on = f"'{main.name}' is said from a chance of {percent(told.case.least)} on"
    if told.case.by_cost:
        return f"{from_on}, where what you say a miss and a false alarm cost balances."
    return (
        f"{from_on}, where sensitivity and specificity were best together on validation images. "
        "Say what mistakes cost with option 'assume=miss=NUMBER' and option 'assume=alarm=NUMBER', "
        "and the point is set by it."
    )


def _confusion(told: ImageDiagnosis) -> PictureBlock:
    test, names = told.case.test, told.asked.classes
    series = []
    for k, name in enumerate(names):
        said = np.bincount(test.decided[test.truth == k], minlength=len(names))
        series.append(Series(name, tuple(round(float(one), 3) for one in said / said.sum())))
    return PictureBlock(
        "heat", "Rows: what images show; columns: what is said of them", names, tuple(series)
    )


def _believe(told: ImageDiagnosis) -> list[Block]:
    two = told.main is not None
    what = f"of {told.main.name}" if told.main is not None else "of the answer that is given"
    centres = tuple(round((k + 0.5) / BINS, 3) for k in range(BINS))
    parts = dict(zip(_PARTS, (told.case.validation, told.case.test), strict=True))
    series = [
        Series(f"{name} images", in_bins(part.chances, part.truth)) for name, part in parts.items()
    ]
    series.append(Series("as said", centres))
    picture = PictureBlock(
        "lines",
        f"The chance {what}, and how often it came true",
        centres,
        tuple(series),
        "chance that was said",
        "share that came true" if two else "share that was right",
        ends=(0.0, 1.0),
    )
    return [
        Paragraph(_believe_sentence(told), "lead"),
        picture,
        _sides_table(told),
        Paragraph(_local_words(told)),
        Paragraph(
            "The set of answers of an image holds every class whose chance is at least "
            f"{percent(told.least_in_set)}: for {percent(GUARANTEE)} of further images like the "
            "validation images it holds the right one (split conformal prediction). A difference "
            f"is told where chance alone explains it less often than once in "
            f"{round(len(told.differences) / SURE)}.",
            "small",
        ),
    ]


def _believe_sentence(told: ImageDiagnosis) -> str:
    test = told.believed["test"]
    if told.differing:
        return (
            "No: they were settled on validation images, and the test images are different. "
            f"On these they are off by {points(test.error)} on average."
        )
    if test.p_value < SURE and test.error >= 0.05:
        return f"Not quite: on the test images they are off by {points(test.error)} on average."
    return (
        f"Nothing speaks against it: on the test images they are off by {points(test.error)} on "
        f"average; by chance alone perfect ones would be off by {points(test.by_chance)}."
    )


def _sides_table(told: ImageDiagnosis) -> TableBlock:
    """Validation and test side by side."""
    differs = {one.name for one in told.differing}
    first, second = (told.believed[name] for name in _PARTS)
    right, held, surprised = told.differences
    rows = [
        ("Right answers", percent(right.validation), percent(right.test), _marked(right, differs)),
        (
            f"Sets of {percent(GUARANTEE)} that hold the answer",
            percent(held.validation),
            percent(held.test),
            _marked(held, differs),
        ),
    ]
    for name in told.asked.classes:
        own = told.covered[f"of {name}"]
        rows.append((f"the same, of those that show {name}", "–", _interval(own), "–"))
    rows += [
        ("Chances are off by (ECE)", ratio(first.error), ratio(second.error), "–"),
        (
            "Surprise (mean of -log chance)",
            ratio(surprised.validation),
            ratio(surprised.test),
            _marked(surprised, differs),
        ),
    ]
    return TableBlock(("On", "Validation", "Test", "Differs"), tuple(rows), stacked=True)


def _marked(one: PartDifference, differs: set[str]) -> str:
    return "yes" if one.name in differs else "no more than by chance"


def _local_words(told: ImageDiagnosis) -> str:
    local = told.local
    if not told.differing:
        return ""
    return (
        f"What would mend it: labels of some images of the place where it is used. With chances "
        f"settled on one half of the test images ({count(local.settled)}), they are off by "
        f"{points(local.error)} on the other half, and sets hold the answer for "
        f"{_interval(local.covered)} of them."
    )


def _person(told: ImageDiagnosis, handed: float) -> list[Block]:
    at = _handing(told.case, handed)
    none = told.handing[0]
    sizes = answer_sets(told.case.test.chances, told.least_in_set).sum(axis=1)
    open_ones = share_of(sizes != 1, told.case.test.whose)
    shares = tuple(round(100 * one.share, 1) for one in told.handing)
    kept = [one.kept for one in told.handing]
    band = (
        Series("lower end", _hundreds([one.low for one in kept])),
        Series("upper end", _hundreds([one.high for one in kept])),
    )
    picture = PictureBlock(
        "lines",
        "Wrong answers among the images that it keeps, with the 95 % interval",
        shares,
        (Series("wrong of what it keeps", _hundreds([one.value for one in kept])),),
        "% of the images go to a person",
        "% wrong",
        band=band,
    )
    lead = (
        f"Of all test images {_interval(none.kept)} are answered wrongly. If the {percent(handed)} "
        f"of which it is least sure go to a person, {_interval(at.kept)} of the others are; of "
        f"those that went, {_interval(at.handed)} would have been."
    )
    if at.handed.images and at.handed.low <= at.kept.high:
        lead += " It is not proven that it knows which ones it does not know."
    return [
        Paragraph(lead, "lead"),
        picture,
        Paragraph(
            f"By sets of answers, {_interval(open_ones)} of the images have none or several, and "
            "would go to a person. Each test image stands in cases.csv with its chances, its set "
            "and whether a person should see it."
        ),
    ]


def _hundreds(values: list[float]) -> tuple[float, ...]:
    return tuple(round(100 * value, 2) for value in values)


def _groups(told: ImageDiagnosis) -> list[Block]:
    if not told.groups:
        return [Paragraph("There are too few test images for groups of them.")]
    worse = [one for one in told.groups if one.proven and one.difference > 0]
    lead = "No group is proven to be answered worse than the rest."
    if worse:
        one = worse[0]
        lead = (
            f"Worst where an image {_of_group(one.name)}: {_interval(one.wrong)} are answered "
            f"wrongly, of the others {percent(one.others)}."
        )
    shown = told.groups[:SHOWN_GROUPS]
    rows = tuple(
        (
            one.name,
            one.wrong.images,
            _interval(one.wrong),
            percent(one.others),
            "proven" if one.proven else "may be chance",
        )
        for one in shown
    )
    heads = ("Images", "How many", "Answered wrongly", "Of the others", "Difference")
    small = (
        f"{plural(len(told.groups), 'group')} were looked at, and all are reckoned with in "
        "'proven' (Holm). A group need not be the cause of what goes wrong in it."
    )
    return [
        Paragraph(lead, "lead"),
        TableBlock(heads, rows, stacked=True),
        Paragraph(small, "small"),
    ]


def _of_group(name: str) -> str:
    return name if name.startswith("shows ") else f"has {name}"


def _limits(told: ImageDiagnosis) -> tuple[str, ...]:
    asked = told.asked
    height, width = asked.pixels.shape[1:3]
    found = [
        "Not for clinical use: this page says how a classifier did on these images. It is no "
        "medical device, and decides nothing of a patient.",
        "Other devices, places and times make other images. What holds on the test images holds "
        "for images that come about as they did.",
        "Labels are taken for true. Where those who gave them were wrong, so is every figure.",
        "Nearest images and hidden patches show what the classifier goes by, not what is so.",
        "The page shows images of your data: pass it on only to who may see them.",
    ]
    if max(height, width) < TOY:
        found.insert(
            1,
            f"Images of {height} x {width} pixels are a toy: a person would be shown far more.",
        )
    if not asked.source:
        found.append(
            "No column says whose an image is. Copies across sides were looked for, but two "
            "different images of one patient would not be noticed, and make figures better than "
            "they are."
        )
    if not asked.sides.told:
        found.append(
            "The test images were drawn from the same collection as those that were learned from. "
            "Images of another place, named with option 'column=split=COL', are the harder test."
        )
    return (*found, *(f"Left out: {words}" for words in asked.left_out))


def _figures(told: ImageDiagnosis, handed: float) -> dict[str, float]:
    at = _handing(told.case, handed)
    figures = {
        "tested": float(told.right.images),
        **_ends("accuracy", told.right),
        "ece": told.believed["test"].error,
        "ece_validation": told.believed["validation"].error,
        **_ends("covered", told.covered["test"]),
        "covered_validation": told.covered["validation"].value,
        "parts_differ": float(bool(told.differing)),
        "ece_local": told.local.error,
        "covered_local": told.local.covered.value,
        "wrong_kept": at.kept.value,
        "wrong_handed": at.handed.value,
        "mark_suspected": float(told.attention.suspicious),
        "left_out_moved": float(told.asked.sides.moved),
        "left_out_copied": float(told.asked.sides.copied),
    }
    for one in told.classes if told.main is None else (told.main,):
        figures |= _ends(f"auc: {one.name}", one.area)
        figures |= _ends(f"sensitivity: {one.name}", one.found)
        figures |= _ends(f"specificity: {one.name}", one.spared)
    for name in told.asked.classes:
        figures[f"covered: {name}"] = told.covered[f"of {name}"].value
    if told.generated is not None:
        figures["generated_help"] = float(told.generated.helps)
        figures["generated_gain"] = told.generated.gain
        figures["generated_low"] = told.generated.low
        figures["generated_high"] = told.generated.high
    return figures


def _ends(name: str, share: MeasuredShare) -> dict[str, float]:
    return {name: share.value, f"{name}, low": share.low, f"{name}, high": share.high}


def _cases(told: ImageDiagnosis, handed: float, run: Run) -> pl.DataFrame:
    """The test images, and then those without a label, with what is said of them."""
    case, asked = told.case, told.asked
    gone = _least_sure(case, handed)
    parts = [_said(told, asked.data.rows(case.test.at), case.test.chances, "test", gone)]
    if len(asked.new):
        chances = case.reader.chances(image_pixels(asked.new), run)
        unsure = unsureness(case.test.chances, case.least)
        least = unsure[gone].min() if gone.any() else np.inf
        parts.append(
            _said(told, asked.new, chances, "new", unsureness(chances, case.least) >= least)
        )
    return pl.concat(parts)


def _said(
    told: ImageDiagnosis, rows: Dataset, chances: Floats, part: str, gone: Bools
) -> pl.DataFrame:
    """What is said of images, before their other columns."""
    names = told.asked.classes
    sets = answer_sets(chances, told.least_in_set)
    added = {
        "part": np.full(len(rows), part),
        "row": np.array([rows.row_number(at) for at in range(len(rows))]),
        "said": np.array(names)[decisions(chances, told.case.least)],
        "set": np.array([" or ".join(np.array(names)[own]) for own in sets]),
        "to a person": gone,
        **{f"chance of {name}": chances[:, k].round(4) for k, name in enumerate(names)},
    }
    kept = rows.frame.drop(image_name(rows.schema))
    return with_columns_before(kept, added)
