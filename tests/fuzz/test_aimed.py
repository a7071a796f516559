"""What somebody who knows the format would try: each is refused when the model is loaded, quickly,
and without the memory that it asks for."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fuzz.memory import forget, peak
from tests.fuzz.mutations import Parts, signed
from tests.fuzz.stored_models import stored
from tidemill.core.errors import ArtifactError
from tidemill.synthesis.synthesizer import Synthesizer

ROOM = 200 << 20
SECONDS = 10
SMALL = (
    *("table-trees", "table-independent", "table-flow", "table-vae", "table-gan"),
    *("table-autoregressive", "table-latent", "series-flow", "series-autoregressive"),
    *("images-independent", "images-flow", "images-gan", "images-autoregressive"),
    *("texts-ngram", "texts-autoregressive"),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    found = stored(tmp_path_factory.mktemp("models"), SMALL)
    return {name: path.read_bytes() for name, path in found.items()}


def refused(content: bytes, folder: Path) -> ArtifactError:
    """The error of a file, which costs little time and memory."""
    path = folder / "hostile.tidemill"
    path.write_bytes(content)
    forget()
    before, began = peak(), time.process_time()
    with pytest.raises(ArtifactError) as caught:
        Synthesizer.load(path)
    assert time.process_time() - began < SECONDS
    assert peak() - before < 10 * len(content) + ROOM
    assert caught.value.hint
    return caught.value


Change = Callable[[Parts], None]


def array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    def changed(parts: Parts) -> None:
        found = next(n for n in sorted(parts.arrays) if n.endswith(name) and parts.arrays[n].size)
        parts.arrays[found] = change(parts.arrays[found].copy())

    return changed


def put(value: Any, *way: Any) -> Change:
    """A value at a place of a document; the first of the way is its name."""

    def changed(parts: Parts) -> None:
        holder: Any = parts.manifest if way[0] == "manifest" else parts.documents[f"{way[0]}.json"]
        for key in way[1:-1]:
            holder = holder[key]
        holder[way[-1]] = value

    return changed


def option(name: str, value: Any) -> Change:
    return put(value, "stages", 0, "generator", "options", name)


def wrapping(parts: Parts) -> None:
    """Boundaries of sets whose differences, in their own dtype, all are positive."""
    for name, starts in parts.arrays.items():
        if name.endswith("set_start") and name.startswith("0.") and len(starts) > 3:
            sets = parts.arrays[name.replace("set_start", "sets")]
            if int(sets.max(initial=0)) >= 3:
                at = int(
                    (sets[: int(sets.argmax())].astype(int) + (sets[: sets.argmax()] > 0)).sum()
                )
                starts = starts.copy()
                starts[at + 1 : at + 3] = 2**31 - 1, -2
                assert (np.diff(starts[at : at + 3]) > 0).all()
                parts.arrays[name] = starts
                return
    pytest.skip("no tree of this model has three sets")


def halves(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) + np.float32(9e-5)


AIMED: dict[str, tuple[str, Change]] = {
    "boundaries that wrap round": ("table-trees", wrapping),
    "unsigned boundaries": ("table-trees", array(".set_start", lambda a: a.astype(np.uint32))),
    "features between two": ("table-trees", array(".feature", halves)),
    "children as floats": ("table-trees", array(".left", lambda a: a.astype(np.float32))),
    "a giant tree": (
        "table-trees",
        array("0.forest.00008.leaves", lambda a: np.full(1, 2 * 10**8)),
    ),
    "values as truths": ("table-trees", array(".value", lambda a: a.astype(bool))),
    "trees as uint64": ("table-trees", array(".trees", lambda a: a.astype(np.uint64))),
    "a leaf that is no number": ("table-trees", array(".value", lambda a: np.full_like(a, np.nan))),
    "counts that overflow": ("table-trees", array("level.00000", lambda a: np.full_like(a, 2**62))),
    "pieces that overlap": (
        "table-trees",
        array("piece.00000", lambda a: a[:, [0, *range(a.shape[1])]]),
    ),
    "too many pixels": ("images-independent", put([90_000, 90_000, 1], "codec", "size")),
    "wide pixels": ("images-flow", put([90_000, 90_000, 1], "codec", "size")),
    "wide pixels, one by one": ("images-autoregressive", put([90_000, 90_000, 1], "codec", "size")),
    "an endless window": ("series-flow", put(10**9, "codec", "window")),
    "an endless window, one by one": ("series-autoregressive", put(10**9, "codec", "window")),
    "an endless power": ("table-trees", put(10**9, "codec", "table", "columns", "price", "places")),
    "an endless binary power": (
        "table-trees",
        put(2**32, "codec", "table", "columns", "high", "binary"),
    ),
    "an endless factor": (
        "table-trees",
        put("1e999999999", "codec", "table", "schema", "rules", 3, "factor"),
    ),
    "padding": (
        "table-trees",
        put([2, 10**9], "codec", "table", "columns", "order", "forms", 0, 2),
    ),
    "ten thousand years": (
        "table-trees",
        put(
            "{%Y-%m-%d|0001-01-01|9999-12-31}", "codec", "table", "columns", "order", "forms", 0, 0
        ),
    ),
    "format true": ("table-trees", put(True, "manifest", "format")),
    "format 3.0": ("table-trees", put(3.0, "manifest", "format")),
    "rows as text": ("table-trees", put("", "manifest", "rows")),
    "a dtype that is none": (
        "table-trees",
        put(
            [{"name": "low", "label": "low", "dtype": [[]], "door": ""}],
            "manifest",
            "frame_form",
            "columns",
        ),
    ),
    "a part that nobody reads": (
        "table-trees",
        lambda parts: parts.documents.update({"more.json": 1}),
    ),
    "an array that nobody reads": (
        "table-trees",
        lambda parts: parts.arrays.update(more=np.zeros(3)),
    ),
    "what nobody reads": ("table-trees", put(1, "codec", "table", "columns", "price", "more")),
    "1 for true": ("table-trees", put(1, "codec", "table", "columns", "plan", "missing")),
    "nested without end": (
        "table-trees",
        put(json.loads("[" * 900 + "]" * 900), "outcome", "name"),
    ),
}
for family in ("flow", "vae", "gan", "autoregressive", "latent"):
    model, weights = f"table-{family}", "head" if family == "autoregressive" else "weight"
    part = ("vae", "options") if family == "latent" else ("options",)
    size = ("stages", 0, "generator", *part)
    AIMED |= {
        f"{family} of giants": (model, put(10**6, *size, "width")),
        f"{family} of many layers": (model, put(10**9, *size, "depth")),
        f"{family} wider than all numbers": (model, put(10**30, *size, "width")),
        f"{family} of no numbers": (model, array(weights, lambda a: np.full_like(a, np.nan))),
        f"{family} without end": (model, array(weights, lambda a: np.full_like(a, np.inf))),
        f"{family} in double": (model, array(weights, lambda a: a.astype(float))),
    }
AIMED |= {
    "giant latents": ("table-vae", option("latent", 10**9)),
    "giant noise": ("table-gan", option("noise", 10**9)),
    "giant pairs": ("table-gan", option("pairs", 10**9)),
    "giant vectors": ("table-autoregressive", option("embedding", 10**9)),
    "endless steps of sampling": ("table-flow", option("sampling_steps", 10**9)),
    "a prior of giants": ("table-vae", array("view.parts", lambda a: np.full_like(a, 2**62))),
}


def counted(field: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Another array of the runs of three units, of all texts."""
    return array(f"1.general.2.{field}", change)


def written(name: str, value: Any) -> Change:
    """Another value of the model of texts."""
    return put(value, "stages", 1, "generator", *name.split("."))


def at_first(*values: Any) -> Callable[[np.ndarray], np.ndarray]:
    """An array that begins with these."""
    return lambda a: np.concatenate([np.array(values, a.dtype), a[len(values) :]])


def turned(values: np.ndarray) -> np.ndarray:
    return values[::-1].copy()


def unit_added(*units: Any) -> Change:
    def changed(parts: Parts) -> None:
        parts.documents["codec.json"]["units"]["learned"] += units

    return changed


def fewer_units(parts: Parts) -> None:
    """Counts of units that there are not."""
    del parts.documents["codec.json"]["units"]["learned"][-3:]


def coded(content: bytes) -> str:
    return b64encode(content).decode()


AIMED_AT_TEXTS: dict[str, Change] = {
    "runs of 10**9 units": written("longest", 10**9),
    "runs of no unit": written("longest", 0),
    "runs of a class of 10**9 units": written("classes.longest", 10**9),
    "an order of 10**9": written("order", 10**9),
    "candidates of 10**9": written("candidates", 10**9),
    "no temperature": written("temperature", 0.0),
    "counts below nothing": counted("count", lambda a: -a),
    "no counts": counted("count", np.zeros_like),
    "counts that wrap round": counted("count", lambda a: np.full_like(a, 2**31 - 1)),
    "counts wider than they are": counted("count", lambda a: a.astype(np.int64) + 2**40),
    "counts that are no numbers": counted("count", lambda a: np.full(a.shape, np.nan)),
    "totals below their counts": counted("total", np.ones_like),
    "totals below nothing": counted("total", lambda a: -a),
    "units far back that do not ascend": counted("unit", turned),
    "units far back that are none": counted("unit", at_first(2**31 - 1)),
    "followers that do not ascend": counted("follower", turned),
    "followers that are no units": counted("follower", at_first(2**31 - 1)),
    "followers below nothing": counted("follower", at_first(-2)),
    "boundaries of followers that wrap round": counted("followers", at_first(2**31 - 1, -(2**31))),
    "boundaries of followers behind the end": counted("followers", at_first(2**31 - 1)),
    "unsigned boundaries of followers": counted("followers", lambda a: a.astype(np.uint32)),
    "boundaries of histories that wrap round": counted("children", at_first(2**31 - 1, -(2**31))),
    "fewer histories": counted("children", lambda a: a[:-1]),
    "more taken off than there is": array("1.general.discount", lambda a: a + 3),
    "less than nothing taken off": array("1.general.discount", lambda a: -a),
    "what is no number taken off": array("1.by_class.discount", lambda a: np.full_like(a, np.nan)),
    "shares above all": array("1.shares", lambda a: a + 1),
    "shares below nothing": array("1.shares", lambda a: -a),
    "shares that are no numbers": array("1.shares", lambda a: np.full_like(a, np.nan)),
    "shares of more lengths": array("1.shares", lambda a: np.append(a, 0.5)),
    "guidance without end": written("guidance", [10**9, 0.0]),
    "guidance that is no number": written("guidance", [float("nan"), 0.0]),
    "a slope without end": written("guidance", [1.0, -1e300]),
    "guidance of three": written("guidance", [1.0, 0.0, 0.0]),
    "classes beyond their counts": array("1.classes.class", at_first(299)),
    "classes below none": array("1.classes.class", at_first(-2)),
    "10**9 classes": array("1.classes.class", at_first(10**9)),
    "classes of more levels": array("1.classes.class", lambda a: np.append(a, a)),
    "classes of no channel": written("classes.channels", []),
    "classes of a channel that is none": written("classes.channels", [["code", 10**9]]),
    "classes of what is no channel": written("classes.channels", [["tick", 0]]),
    "classes of a channel in truths": written("classes.channels", [["code", False]]),
    "classes of three channels": written("classes.channels", [["code", 0]] * 3),
    "classes of a number without pieces": written("classes.channels", [["real", 0]]),
    "classes that nobody reads": written("classes", None),
    "a unit twice": unit_added("the", "the"),
    "a unit of nothing": unit_added(""),
    "a unit of a list": unit_added(["a"]),
    "a unit of half a character": unit_added("\ud800"),
    "a unit of 10,000 characters": unit_added("a" * 10_000),
    "10**5 units": unit_added(*map("u{}".format, range(10**5))),
    "fewer units than are counted": fewer_units,
    "units as a number": put(10**9, "codec", "units", "learned"),
    "units as a text": put("ab" * 70, "codec", "units", "learned"),
    "10**9 voices": written("voices", 10**9),
    "speakers who are none": put(["nobody"], "codec", "units", "speakers"),
    "a speaker twice": put(["ann: "] * 2, "codec", "units", "speakers"),
    "10**4 speakers": put([f"s{k}: " for k in range(10**4)], "codec", "units", "speakers"),
    "a speaker of 10,000 characters": put(["a" * 10_000 + ": "], "codec", "units", "speakers"),
    "10**9 sites": put(10**9, "codec", "sites"),
    "no site": put(0, "codec", "sites"),
    "a text that is none": put(["topic"], "codec", "never_empty"),
    "a filter of nothing": put("", "codec", "copies", "bits"),
    "a filter of 100 MB": put("A" * 10**8, "codec", "copies", "bits"),
    "a filter beyond its size": put(
        coded(np.random.default_rng(0).bytes(4 << 20)), "codec", "copies", "bits"
    ),
    "a filter that is none": put("%%%%", "codec", "copies", "bits"),
    "shared words that do not ascend": put(coded(bytes(16)), "codec", "copies", "shared"),
    "half a shared word": put(coded(bytes(12)), "codec", "copies", "shared"),
    "a salt below nothing": put(-1, "codec", "copies", "salt"),
    "a salt without end": put(10**30, "codec", "copies", "salt"),
    "runs that are never asked about": put(2**63, "codec", "copies", "every"),
    "runs divided by nothing": put(0, "codec", "copies", "every"),
    "a term of 10,000 characters": put("a" * 10_000, "outcome", "design", "texts", 0, "terms", 0),
    "terms twice": put(["a", "a"], "outcome", "design", "texts", 0, "terms"),
    "terms of another column": put("topic", "outcome", "design", "texts", 0, "name"),
    "weights of terms that are none": array("text.000.weights", lambda a: np.full_like(a, np.inf)),
}
AIMED |= {name: ("texts-ngram", change) for name, change in AIMED_AT_TEXTS.items()}
WRITER = ("stages", 1, "generator")
AIMED |= {
    f"{name} of a writer": ("texts-autoregressive", change)
    for name, change in {
        "giant states": put(10**6, *WRITER, "options", "state"),
        "states wider than all numbers": put(10**30, *WRITER, "options", "state"),
        "endless blocks": put(10**9, *WRITER, "options", "blocks"),
        "an endless window": put(10**9, *WRITER, "options", "window"),
        "no heat": put(0.0, *WRITER, "options", "temperature"),
        "runs that nobody reads": put(None, *WRITER, "ngram"),
        "no runs": put({}, *WRITER, "ngram"),
        "shares of more than all": array("1.shares", lambda a: a + 2),
        "shares that are no numbers": array("1.shares", lambda a: np.full_like(a, np.nan)),
        "too few shares": array("1.shares", lambda a: a[:-1]),
        "vectors of no numbers": array("1.net.vector", lambda a: np.full_like(a, np.nan)),
        "vectors in double": array("1.net.vector", lambda a: a.astype(float)),
        "too few vectors": array("1.net.vector", lambda a: a[:-1]),
        "units that occur less than never": array("1.view.count.00000", lambda a: a - 10**6),
        "counts that overflow": array("1.view.count.00000", lambda a: np.full_like(a, 2**62)),
        "runs of other units": array("1.ngram.general.0.follower", lambda a: a + 10**6),
    }.items()
}


@pytest.mark.parametrize("name", AIMED)
def test_aimed_models_are_refused(name: str, models: dict[str, bytes], tmp_path: Path) -> None:
    of, change = AIMED[name]
    parts = Parts.of(models[of])
    change(parts)
    refused(signed(parts.manifest, parts.members()), tmp_path)


def test_parts_that_take_far_more_memory_than_the_file(
    models: dict[str, bytes], tmp_path: Path
) -> None:
    parts = Parts.of(models["table-trees"])
    members = parts.members()
    noise = np.random.default_rng(0).bytes(700_000).hex()
    for bomb in (
        b'["' + noise.encode() + b'"' + b",[]" * 15_000_000 + b"]",
        b'["' + noise.encode() + b'"' + b",{}" * 15_000_000 + b"]",
        b"1" * 5_000,
        b"[NaN]",
        b"[1e999]",
        b'["\\ud800"]',
        b"[" * 100_000,
        b" " * (65 << 20) + b"1",
    ):
        refused(signed(parts.manifest, {**members, "codec.json": bomb}), tmp_path)
    header = b'{"a":{"dtype":"I64","shape":[9000000000000],"data_offsets":[0,8]}}'
    for arrays in (
        struct.pack("<Q", len(header)) + header + b"\0" * 8,
        struct.pack("<Q", 2**60) + b"{}",
        b"\0" * (400 << 20),
    ):
        refused(signed(parts.manifest, {**members, "arrays.safetensors": arrays}), tmp_path)


def test_archives_that_are_packed_in_another_way(models: dict[str, bytes], tmp_path: Path) -> None:
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(models["table-trees"])) as whole,
        zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as other,
    ):
        for name in whole.namelist():
            other.writestr(name, whole.read(name))
    assert "packed" in refused(content.getvalue(), tmp_path).what


def test_a_model_that_packs_too_well_is_stored_so_that_it_can_be_loaded(tmp_path: Path) -> None:
    from tidemill.core import artifact

    zeros = {"zeros": np.zeros(30 << 20, np.int64)}
    artifact.save(tmp_path / "m.tidemill", {}, {"codec": {}}, zeros)
    _, _, arrays = artifact.load(tmp_path / "m.tidemill")
    assert np.array_equal(arrays["zeros"], zeros["zeros"])
