"""New sprites for a game in the style of given ones, to be taken away as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tidemill.core import options as stated
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.options import Doc
from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.split import split
from tidemill.core.words import count, percent, plural
from tidemill.imaging.labelled import LabelledImages, shared_labels
from tidemill.imaging.pixels import image_name, image_pixels, label_column, size
from tidemill.imaging.sheet import contact_sheet, png, strip
from tidemill.imaging.transparency import CHANNELS, on_ground
from tidemill.metrics.images.features import ImageSets
from tidemill.metrics.images.fidelity import fidelity
from tidemill.metrics.images.sprite_copies import COPY, share_redrawn
from tidemill.metrics.images.telling import told_apart
from tidemill.metrics.images.verdict import likeness, likeness_sentence
from tidemill.recipes.base import (
    Assumption,
    Recipe,
    RecipeOption,
    RecipeOutput,
    RecipePage,
    Refused,
)
from tidemill.recipes.parts import PageChapter, chapter_blocks
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Figures,
    Listing,
    Paragraph,
    SheetBlock,
    Tile,
)
from tidemill.supervised.intervals import wilson
from tidemill.synthesis.synthesizer import Synthesizer

if TYPE_CHECKING:
    from tidemill.imaging.classifier import Classifier

FEWEST = 50
"""Sprites, below which nothing is learned."""
MOST_SPRITES = 96
JUDGED = 200
"""Sprites that are made to be judged, of which the first that are no copies are handed out."""
JUDGE_STEPS = 400
KEPT = 0.25
"""The share of the training sprites that the judge does not learn."""
CLOSE, SEEN = 0.7, 0.7
"""How far sprites must reach from independent pixels to real ones, and the share in which a judge
must see the class that they were made for, for the page not to warn."""
ACROSS, WAYS, STEPS_OF_WAY = 8, 3, 8
SHOWN_WIDTH, SHEET_WIDTH = 64, 96
"""Pixels that a sprite of the page, and of a sheet, is enlarged to."""
LIGHT, DARK = 255, 24
"""Greys that the sheets are in front of."""
DEFAULT_MODEL = "gan"
MODEL = Doc("Any that learns images: gan by default.", "NAME")


@dataclass(frozen=True)
class SpriteJudgement:
    """What a classifier of real sprites sees in made ones, and in held-out real ones.

    Attributes:
        scores: How like real ones they are.
        seen: (pool,) the label that it holds likeliest; None where there are no two labels.
        right, real_right: How many of the pool, and of the held-out sprites, it sees their label
            in.
        share, real_share: The same as shares.
    """

    scores: tuple[Score, ...]
    seen: np.ndarray | None = None
    right: int = 0
    share: float = 0.0
    real_share: float = 0.0


@dataclass(frozen=True)
class MadeSprites:
    """New sprites and what they were judged by.

    Attributes:
        model: What made them.
        asked: The class they are of; "" for all classes.
        wanted: How many were asked for.
        pool: All that were made, unpicked.
        kept: Positions in it of those that are handed out.
        redrawn: (pool,) how much of each differs from the training sprite that it is most like.
        real_redrawn: The same of held-out sprites.
        judged: What a classifier sees in them.
        holdout: Real sprites of the class that the model has not learned from.
        ways: Sprites on the way from one to another; None where the model knows none.
        learned: How many sprites were learned from.
    """

    model: Synthesizer
    asked: str
    wanted: int
    pool: Dataset
    kept: np.ndarray
    redrawn: np.ndarray
    real_redrawn: np.ndarray
    judged: SpriteJudgement
    holdout: Dataset
    ways: Dataset | None
    learned: int

    @property
    def sprites(self) -> np.ndarray:
        """(kept, height, width, 4) those that are handed out."""
        return image_pixels(self.pool)[self.kept]

    @property
    def colours(self) -> int:
        """How many colours all that were made have together."""
        shown = image_pixels(self.pool)
        return len(np.unique(shown[shown[..., 3] > 0][:, :3], axis=0))


def sprite(
    data: Dataset,
    run: Run,
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
    model: str,
    model_options: Mapping[str, Any] | None,
) -> RecipePage:
    """The page for whoever needs more sprites like those which they have.

    Raises:
        OptionError: There is no such class.
    """
    del columns, output
    refusal = _refusal(data)
    if refusal is not None:
        return RecipePage("New sprites", (refusal,), (f"Sprites: {refusal.why}",))
    label = label_column(data.schema)
    asked = _asked(data, str(assumed.get("class", "")))
    train, holdout = split(data, run)
    learner = run.child(progress=True, minutes=float(assumed["minutes"]))
    learned = Synthesizer.fit(train, learner, model, dict(model_options or {}))
    wanted = int(float(assumed["sprites"]))
    where = {label.name: asked} if label is not None and asked else None
    pool = learned.sample_dataset(max(JUDGED, 2 * wanted), where, run=run.child("draw"))
    own = _of_class(holdout, asked)
    own = own.rows(run.rng("sprite", "real").permutation(len(own)))
    redrawn = share_redrawn(image_pixels(pool), image_pixels(train))
    real_redrawn = share_redrawn(image_pixels(own)[:JUDGED], image_pixels(train))
    floor = Synthesizer.fit(train, run.child("floor", quiet=True), "independent")
    noise = floor.sample_dataset(len(pool), where, run=run.child("noise", quiet=True))
    judged = _judged(train, pool, own, noise, run)
    made = MadeSprites(
        learned,
        asked,
        wanted,
        pool,
        _kept(image_pixels(pool), redrawn)[:wanted],
        redrawn,
        real_redrawn,
        judged,
        own,
        learned.between(WAYS, STEPS_OF_WAY, run),
        len(train),
    )
    return RecipePage(
        f"{plural(len(made.kept), 'new sprite')} in the style of {data.name}",
        tuple(_blocks(made)),
        _text(made),
        subtitle=f"learned from {plural(len(train), 'sprite')}",
        figures=_figures(made),
        tables={"sprites": _table(made)},
        made=(("Model", model), ("Steps", count(int(learned.manifest["steps_done"])))),
        model=learned,
        files=_files(made),
    )


SPRITE = Recipe(
    sprite,
    options=(
        RecipeOption("model", DEFAULT_MODEL, MODEL),
        RecipeOption("model_options", None, stated.MODEL_OPTIONS),
    ),
    assumptions=(
        Assumption("sprites", 24, "sprites that are made", 1, MOST_SPRITES),
        Assumption("minutes", 10, "minutes that the model learns at most", 0.01, 600),
        Assumption("class", None, "which label; all by default", form="NAME"),
    ),
    tables=("sprites",),
    files=(
        *(f"sprite-{place:02d}.png" for place in range(1, MOST_SPRITES + 1)),
        *("sheet.png", "sheet-light.png", "sheet-dark.png"),
    ),
)


def _refusal(data: Dataset) -> Refused | None:
    if len(data) < FEWEST:
        return Refused(
            "New sprites cannot be learned.",
            f"{plural(len(data), 'sprite')} are fewer than {FEWEST}.",
            f"{FEWEST} sprites or more, of one style.",
        )
    if size(data[image_name(data.schema)])[2:] != (CHANNELS,):
        return Refused(
            "These images are no sprites.",
            "Fewer than half of them are transparent in part.",
            "PNG files with transparency, or arrays of four channels; ?alpha=keep behind the path "
            "keeps what there is of it.",
        )
    return None


def _asked(data: Dataset, name: str) -> str:
    """The class that is asked for.

    Raises:
        OptionError: There is no such class, or hardly any sprite is of it.
    """
    there = shared_labels(data)
    if name and name not in there:
        raise OptionError(
            f"there is no class '{name}' of which enough sprites are",
            where=data.name,
            hint=f"give option 'assume=class=NAME', one of {', '.join(there[:8])}"
            if there
            else "name the column of classes with option 'target'",
        )
    return name


def _of_class(data: Dataset, asked: str) -> Dataset:
    """The real sprites of a class, all where none is asked for."""
    if not asked:
        return data
    return data.rows(np.flatnonzero(LabelledImages.of(data).labels == asked))


def _judged(
    train: Dataset, pool: Dataset, holdout: Dataset, noise: Dataset, run: Run
) -> SpriteJudgement:
    """How like real ones they are, and what a classifier of real labels sees in them, where there
    are two; a quarter of the training sprites, which shows how near real ones come, is learned by
    no judge."""
    try:
        from tidemill.imaging.judge import judge_of_labels, judge_of_structure
    except ImportError:
        return SpriteJudgement(())
    label = label_column(train.schema)
    known = LabelledImages.of(train).only(shared_labels(train))
    known = known.rows(run.rng("sprite", "judge").permutation(len(known)))
    first = int(KEPT * len(known))
    kept, rest = known.rows(slice(first)), known.rows(slice(first, None))
    made, real, floor = (LabelledImages.of(one) for one in (pool, holdout, noise))
    own = rest
    if len(set(made.labels)) == 1:  # of the class that was asked for
        kept, own = (
            part.rows(np.flatnonzero(part.labels == made.labels[0])) for part in (kept, rest)
        )
    judge = judge_of_structure(rest, run, steps=JUDGE_STEPS)
    scores = [*fidelity(ImageSets(kept, real, made, floor), judge, run)]
    scores.append(told_apart(ImageSets(own, real, made, floor), run))
    if label is None or len(rest.classes) < 2:
        return SpriteJudgement(tuple(scores))
    by_label = judge_of_labels(rest, label.name, run, steps=JUDGE_STEPS).classifier
    seen, in_real = (_likeliest(by_label, some) for some in (made, real))
    right = int((seen == made.labels).sum())
    return SpriteJudgement(
        tuple(scores), seen, right, right / len(made), float((in_real == real.labels).mean())
    )


def _likeliest(classifier: Classifier, some: LabelledImages) -> np.ndarray:
    """(n,) the label that a classifier holds likeliest."""
    return np.array(classifier.classes)[classifier.chances(some.pixels).argmax(axis=1)]


def _kept(pixels: np.ndarray, redrawn: np.ndarray) -> np.ndarray:
    """Positions of sprites that are no copies of training sprites, nor of others before them, nor
    blank."""
    drawn = pixels[..., 3].any(axis=(1, 2))
    first = {image.tobytes(): place for place, image in reversed(list(enumerate(pixels)))}
    new = np.zeros(len(pixels), bool)
    new[list(first.values())] = True
    return np.flatnonzero(drawn & new & (redrawn > COPY))


# --- the page -------------------------------------------------------------------------------------


def _blocks(made: MadeSprites) -> list[Block | Refused]:
    chapters = [
        PageChapter("sprites", "The sprites", _shown(made.sprites, _unpicked(made))),
        PageChapter(
            "real",
            "Real ones to compare",
            _shown(
                image_pixels(made.holdout)[: made.wanted],
                "The first that the model has not learned from.",
            ),
        ),
    ]
    if made.ways is not None:
        chapters.append(PageChapter("ways", "From one to another", _ways(made.ways)))
    chapters.append(PageChapter("limits", "What this page cannot say", [Listing(_limits())]))
    return [_verdict(made), Figures(tuple(_tiles(made))), *chapter_blocks(chapters)]


def _verdict(made: MadeSprites) -> Callout:
    like = likeness(made.judged.scores)
    called = "not measured against" if like is None else like[1]
    of_class = f" of '{made.asked}'" if made.asked else ""
    title = f"{plural(len(made.kept), 'new sprite')}{of_class}, {called} real ones, none a copy."
    if not len(made.kept):
        title = f"No new sprite{of_class}: all that were made are copies, repeats or blank."
    good = like is not None and like[0] >= CLOSE and len(made.kept) >= made.wanted
    good = good and (made.judged.seen is None or made.judged.share >= SEEN)
    sentences = [likeness_sentence(made.judged.scores, "sprite")]
    sentences += [_said_class(made), _said_copies(made)]
    if not good:
        sentences.append("More sprites, or more minutes (assume=minutes=30), would help.")
    return Callout("note" if good else "warning", title, " ".join(sentences))


def _said_class(made: MadeSprites) -> str:
    if made.judged.seen is None:
        return "There are no two classes that a judge could look for."
    return (
        f"A classifier of real sprites sees the class that they were made for in "
        f"{percent(made.judged.share)} of {plural(len(made.pool), 'made sprite')}, and in "
        f"{percent(made.judged.real_share)} of {plural(len(made.holdout), 'held-out real one')}."
    )


def _said_copies(made: MadeSprites) -> str:
    copies = float((made.redrawn <= COPY).mean())
    real = float((made.real_redrawn <= COPY).mean()) if len(made.real_redrawn) else 0.0
    return (
        f"{percent(copies)} were copies of training sprites and are left out; of held-out "
        f"real ones {percent(real)} are such copies."
    )


def _unpicked(made: MadeSprites) -> str:
    return (
        f"None was chosen: the first of {plural(len(made.pool), 'sprite')} that are no copies. The "
        "files beside this page have them one by one, with transparency."
    )


def _tiles(made: MadeSprites) -> list[Tile]:
    tiles = [Tile(f"{len(made.kept)} of {made.wanted}", "new sprites", "no copies")]
    like = likeness(made.judged.scores)
    if like is not None:
        reach = percent(min(like[0], 1.0))
        tiles.append(Tile(reach, "of the way to real ones", "from pixels drawn one by one"))
    if made.judged.seen is not None:
        real = f"real ones: {percent(made.judged.real_share)}"
        tiles.append(Tile(percent(made.judged.share), "class seen by a judge", real))
    beside = "from the nearest training sprite, in the middle"
    if len(made.real_redrawn):
        beside += f"; real ones {percent(float(np.median(made.real_redrawn)))}"
    return [
        *tiles,
        Tile(percent(float(np.median(made.redrawn))), "of pixels redrawn", beside),
        Tile(count(made.colours), "colours", "of the palette, and clear"),
    ]


def _shown(pixels: np.ndarray, text: str) -> list[Block]:
    if not len(pixels):
        return [Paragraph("There is none.")]
    return [Paragraph(text, "small"), SheetBlock("", (strip("", _enlarged(pixels), ACROSS),))]


def _enlarged(pixels: np.ndarray, width: int = SHOWN_WIDTH) -> np.ndarray:
    scale = max(width // pixels.shape[2], 1)
    return pixels.repeat(scale, 1).repeat(scale, 2)


def _ways(ways: Dataset) -> list[Block]:
    pixels = _enlarged(image_pixels(ways))
    strips = []
    for start in range(0, len(pixels), STEPS_OF_WAY):
        strips.append(strip("", pixels[start : start + STEPS_OF_WAY], STEPS_OF_WAY))
    text = "Each row goes in equal steps from the noise of one sprite to that of another."
    return [Paragraph(text, "small"), SheetBlock("", tuple(strips))]


def _limits() -> tuple[str, ...]:
    return (
        f"A copy is what differs in at most {percent(COPY)} of its drawn pixels from a training "
        "sprite in the same place; mirrored, moved or recoloured copies are not found.",
        "The judge is a small classifier of these labels: it does not say whether a sprite is "
        "pretty, or fit for a game.",
        "Whether sprites may be used as you wish: the rights in those that were learned from are "
        "not looked at.",
    )


def _text(made: MadeSprites) -> tuple[str, ...]:
    return (
        f"Made: {_verdict(made).title}",
        f"Like: {likeness_sentence(made.judged.scores, 'sprite')}",
        f"Class: {_said_class(made)}",
        f"Copies: {_said_copies(made)}",
    )


def _figures(made: MadeSprites) -> dict[str, float]:
    figures = {
        "sprites": float(len(made.kept)),
        "wanted": float(made.wanted),
        "colours": float(made.colours),
        "copies": float((made.redrawn <= COPY).mean()),
        "redrawn": float(np.median(made.redrawn)),
    }
    if len(made.real_redrawn):
        figures["copies_real"] = float((made.real_redrawn <= COPY).mean())
        figures["redrawn_real"] = float(np.median(made.real_redrawn))
    if made.judged.seen is not None:
        low, high = wilson(made.judged.right, len(made.pool))
        figures["class_right"] = made.judged.share
        figures["class_right_low"], figures["class_right_high"] = low, high
        figures["class_right_real"] = made.judged.real_share
    for score in made.judged.scores:
        if score.value is not None:
            figures[score.name] = score.value
    return figures


def _table(made: MadeSprites) -> pl.DataFrame:
    """What is known of each sprite that is handed out, beside its file."""
    about = made.pool.rows(made.kept)
    frame = about.frame.drop(image_name(about.schema))
    columns = [pl.Series("file", [_file(place) for place in range(len(made.kept))])]
    if made.judged.seen is not None:
        columns.append(pl.Series("judge_sees", made.judged.seen[made.kept].tolist(), pl.String))
    columns.append(pl.Series("redrawn", made.redrawn[made.kept].round(3)))
    taken = [column.name for column in columns]
    return pl.DataFrame([*columns, *(c for c in frame if c.name not in taken)])


def _file(place: int) -> str:
    return f"sprite-{place + 1:02d}.png"


def _files(made: MadeSprites) -> dict[str, bytes]:
    """Each sprite, and all on a sheet: as they are, and enlarged in front of a light and a dark
    ground."""
    pixels = made.sprites
    files = {_file(place): png(one) for place, one in enumerate(pixels)}
    if len(pixels):
        large = contact_sheet(_enlarged(pixels, SHEET_WIDTH), ACROSS)
        files["sheet.png"] = png(contact_sheet(pixels, ACROSS))
        files["sheet-light.png"] = png(on_ground(large, LIGHT))
        files["sheet-dark.png"] = png(on_ground(large, DARK))
    return files
