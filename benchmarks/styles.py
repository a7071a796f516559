"""Texts in the style of four sets, as they are made first, beside real ones.

    python benchmarks/styles.py [SET ...]

dialogues     sgd_dialogues_en: dialogues with a service, by what they are about
dialogues_zh  crosswoz: the same in Chinese
plays         plays.parquet of shakespeare: a scene for given speakers, speech by speech
poems         chinese_poetry: poems by genre and title

Each set is learned and sampled by the commands that the page shows, with seed 0; of what they make
the first few are written to docs/texts-in-style.md, whatever they are like. Real ones stand beside
them where the set's licence lets pieces be quoted: the first ones of the set of that sort.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from halves import ROOT, SHARED

import tidemill as tm

PAGE = ROOT / "docs" / "texts-in-style.md"
SHOWN, LONGEST = 3, 700
"""Texts shown of a sort, and characters of each."""
SCENE = ["MACBETH", "LADY MACBETH", "MACBETH", "BANQUO", "MACBETH", "First Witch", "MACDUFF"]
POEMS = [
    *(("唐诗", title) for title in ("秋夜", "送別")),
    *(("宋词", title) for title in ("浣溪沙", "导引")),
    *(("元曲", title) for title in ("天净沙・秋", "水仙子・春")),
]


def jsonl(path: str, out: Path, speaker: str, about: str) -> None:
    """A table with a row a turn as JSON lines with a line a dialogue."""
    frame = pl.read_parquet(SHARED / path)
    with out.open("w", encoding="utf-8") as file:
        for (number,), turns in frame.group_by(["dialogue_id"], maintain_order=True):
            said = zip(turns[speaker], turns["utterance"], strict=True)
            dialogue = {
                "dialogue_id": number,
                about: str(turns[about][0]).replace(",", " and "),
                "turns": [{"speaker": who, "text": what} for who, what in said],
            }
            file.write(json.dumps(dialogue, ensure_ascii=False) + "\n")


def seconds() -> float:
    """Of the processor, by all threads of this process."""
    used = os.times()
    return used.user + used.system


def block(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        shown = text if len(text) <= LONGEST else text[:LONGEST].rpartition("\n")[0] + "\n…"
        yield f"```text\n{shown}\n```\n"


def section(
    title: str, commands: str, caption: str, made: Sequence[str], real: Sequence[str]
) -> str:
    parts = [f"## {title}\n", f"```bash\n{commands}\n```\n", caption + "\n", "Made:\n"]
    parts += block(made)
    if real:
        parts += ["Real:\n", *block(real)]
    return "\n".join(parts)


def dialogues(folder: Path) -> str:
    jsonl("sgd_dialogues_en/sgd_dialogues_en.parquet", folder / "sgd.jsonl", "speaker", "services")
    began = seconds()
    model = tm.fit(folder / "sgd.jsonl")
    learned, began = seconds() - began, seconds()
    made = tm.sample(model, 50, "services=Flights_1", seed=0)
    return section(
        "Dialogues",
        "tidemill fit sgd.jsonl --out sgd.tidemill\n"
        'tidemill sample sgd.tidemill --rows 50 --where "services=Flights_1" --out made.jsonl',
        f"4,095 dialogues of sgd_dialogues_en, learned in {learned:.0f} seconds of one core; 50\n"
        f"made in {seconds() - began:.0f}. The speakers take turns; what was said a few turns\n"
        "before is forgotten. No real ones stand here, as their licence (CC BY-SA 4.0) asks for\n"
        "the same licence.",
        made["turns"].to_list()[:SHOWN],
        (),
    )


def dialogues_zh(folder: Path) -> str:
    jsonl("dialogues_zh/crosswoz.parquet", folder / "crosswoz.jsonl", "role", "split")
    began = seconds()
    model = tm.fit(folder / "crosswoz.jsonl")
    learned, began = seconds() - began, seconds()
    made = tm.sample(model, 50, seed=0)
    real = tm.read(folder / "crosswoz.jsonl").frame["turns"].to_list()
    return section(
        "中文对话",
        "tidemill fit crosswoz.jsonl --out crosswoz.tidemill\n"
        "tidemill sample crosswoz.tidemill --rows 50 --out made.jsonl",
        f"1,000 dialogues of CrossWOZ (Apache-2.0), learned in {learned:.0f} seconds of one core;\n"
        f"50 made in {seconds() - began:.0f}. Openings, closings and short answers are sound;\n"
        "names of places and dishes are often put together from several.",
        made["turns"].to_list()[:SHOWN],
        real[:1],
    )


def plays(folder: Path) -> str:
    frame = pl.read_parquet(SHARED / "shakespeare" / "plays.parquet")
    frame.select("play", "speaker", "speech").write_parquet(folder / "plays.parquet")
    play = "The Tragedy of Macbeth"
    scene = pl.DataFrame({"play": play, "speaker": SCENE, "speech": pl.Series([""] * len(SCENE))})
    scene.write_csv(folder / "scene.csv")
    began = seconds()
    model = tm.fit(folder / "plays.parquet")
    learned = seconds() - began
    made = tm.infill(model, folder / "scene.csv", seed=0)
    real = frame.filter(play=play).head(len(SCENE))
    return section(
        "A scene for given speakers",
        "tidemill fit plays.parquet --out plays.tidemill\n"
        "tidemill infill plays.tidemill scene.csv --out made.csv",
        "6,912 speeches of eight plays by Shakespeare (public domain), learned in\n"
        f"{learned:.0f} seconds of one core. `scene.csv` has a row a speech: the play, who\n"
        "speaks, and an empty speech, which is written. Each speech sounds like the play; none\n"
        "answers the one before.",
        ["\n".join(f"{who}: {what}" for who, what in made.select("speaker", "speech").iter_rows())],
        ["\n".join(f"{who}: {what}" for who, what in real.select("speaker", "speech").iter_rows())],
    )


def poems(folder: Path) -> str:
    frame = pl.read_parquet(SHARED / "chinese_poetry" / "chinese_poetry.parquet")
    frame.select("genre", "title", "text").write_parquet(folder / "poems.parquet")
    asked = pl.DataFrame(POEMS, schema=["genre", "title"], orient="row")
    asked.with_columns(text=pl.lit("")).write_csv(folder / "titles.csv")
    began = seconds()
    model = tm.fit(folder / "poems.parquet")
    learned = seconds() - began
    made = tm.infill(model, folder / "titles.csv", seed=0)
    firsts = frame.unique("genre", keep="first", maintain_order=True)
    return section(
        "Poems for a genre and a title",
        "tidemill fit poems.parquet --out poems.tidemill\n"
        "tidemill infill poems.tidemill titles.csv --out made.csv",
        "19,914 poems of chinese-poetry (MIT; the texts are in the public domain), learned in\n"
        f"{learned:.0f} seconds of one core. Words and turns of a line are those of the genre.\n"
        "The title, the metre and the number of lines are not kept: an n-gram model has\n"
        "forgotten them after a few characters.",
        [f"{one['genre']}《{one['title']}》\n{one['text']}" for one in made.iter_rows(named=True)],
        [
            f"{one['genre']}《{one['title']}》\n{one['text']}"
            for one in firsts.iter_rows(named=True)
        ],
    )


SETS = {"dialogues": dialogues, "dialogues_zh": dialogues_zh, "plays": plays, "poems": poems}


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("sets", nargs="*", default=list(SETS))
    for name in arguments.parse_args().sets:
        with tempfile.TemporaryDirectory() as folder:
            made = SETS[name](Path(folder))
        print(made, flush=True)
        page = PAGE.read_text(encoding="utf-8")
        found = f"<!-- {name}:start -->\n{made}\n<!-- {name}:end -->"
        pattern = f"<!-- {name}:start -->.*<!-- {name}:end -->"
        page = re.sub(pattern, lambda _, found=found: found, page, flags=re.DOTALL)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
