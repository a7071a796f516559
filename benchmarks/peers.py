"""One peer, one table, in a process of its own in the peers' venv.

    python benchmarks/peers.py NAME FOLDER ROWS SEED CAP

reads FOLDER/train.parquet and FOLDER/columns.json (name -> "number" or "category"; the sets hold no
dates), and writes FOLDER/synthetic.parquet and FOLDER/told.json: seconds of fitting and of
sampling, peak memory, and what fitted into the time. Imports do not count. At CAP seconds the
process is ended by its own alarm. `peers.py --versions` prints versions.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

FIT_SHARE = 0.75
"""Share of the cap that a peer with a setting for its time may fit for; the rest is for
sampling."""


class Job(NamedTuple):
    """What a peer is given: the table, which columns are categories, rows to make, a seed, and
    seconds to fit in."""

    train: Any
    discrete: list[str]
    rows: int
    seed: int
    seconds: float


Fitted = tuple[Callable[[], Any], str]
"""What draws the rows, and a note on what fitted into the time ("" where all did)."""


class TooSlow(Exception):
    """The smallest setting of a peer does not fit into its time."""


class Epochs:
    """Stands in for the progress bar around a loop of epochs, and ends the loop when its time is
    up."""

    def __init__(self, epochs: range, deadline: float) -> None:
        self.epochs, self.deadline, self.done = epochs, deadline, 0

    def __iter__(self) -> Iterator[int]:
        took = 0.0
        for epoch in self.epochs:
            began = time.perf_counter()
            if self.done and began + took > self.deadline:
                return
            yield epoch
            took = time.perf_counter() - began
            self.done += 1


def gaussian_copula(job: Job) -> Fitted:
    from sdv.single_table import GaussianCopulaSynthesizer

    model = GaussianCopulaSynthesizer(_metadata(job))
    model.fit({"table": job.train})
    return lambda: model.sample(job.rows)["table"], ""


def ctgan(job: Job) -> Fitted:
    from sdv.single_table import CTGANSynthesizer

    return _epochs("ctgan.synthesizers.ctgan", CTGANSynthesizer, job)


def tvae(job: Job) -> Fitted:
    from sdv.single_table import TVAESynthesizer

    return _epochs("ctgan.synthesizers.tvae", TVAESynthesizer, job)


def _epochs(module: str, synthesizer: Any, job: Job) -> Fitted:
    """A synthesizer whose epochs stop when the time is up; the module's name for its progress bar
    is lent for that."""
    import torch

    torch.manual_seed(job.seed)
    deadline, loops = time.perf_counter() + job.seconds, []

    def progress(epochs: range, disable: bool = True) -> Epochs:
        loops.append(Epochs(epochs, deadline))
        return loops[-1]

    import_module(module).tqdm = progress
    model = synthesizer(_metadata(job), enable_gpu=False)
    model.fit({"table": job.train})
    [loop] = loops
    note = "" if loop.done == len(loop.epochs) else f"{loop.done} of {len(loop.epochs)} epochs"
    return lambda: model.sample(job.rows)["table"], note


def _metadata(job: Job) -> Any:
    from sdv.metadata import Metadata

    columns = {
        name: {"sdtype": "categorical" if name in job.discrete else "numerical"}
        for name in job.train.columns
    }
    return Metadata.load_from_dict({"tables": {"table": {"columns": columns}}})


def mostlyai(job: Job) -> Fitted:
    import pandas as pd
    from mostlyai import engine

    deadline = time.perf_counter() + job.seconds
    workspace = tempfile.TemporaryDirectory()
    at = Path(workspace.name)
    kinds = {
        name: "TABULAR_CATEGORICAL" if name in job.discrete else "TABULAR_NUMERIC_AUTO"
        for name in job.train.columns
    }
    engine.set_random_state(job.seed)
    engine.split(tgt_data=job.train, tgt_encoding_types=kinds, workspace_dir=at)
    engine.analyze(workspace_dir=at)
    engine.encode(workspace_dir=at)
    engine.train(
        max_training_time=(deadline - time.perf_counter()) / 60, device="cpu", workspace_dir=at
    )
    stopped = (
        "stopped by the cap in" if time.perf_counter() >= deadline else "stopped by itself after"
    )
    epochs = pd.read_csv(at / "ModelStore" / "model-data" / "progress-messages.csv")["epoch"].iloc[
        -1
    ]

    def rows() -> Any:
        engine.generate(sample_size=job.rows, device="cpu", workspace_dir=at)
        made = pd.read_parquet(at / "SyntheticData")
        workspace.cleanup()
        return made

    return rows, f"{stopped} epoch {epochs:.0f} of at most 100"


def arfpy(job: Job) -> Fitted:
    import numpy as np
    from arfpy.arf import arf

    np.random.seed(job.seed)  # noqa: NPY002 - it draws from numpy's global stream
    flagged, unflagged = _flags(job)
    model = arf(flagged, verbose=False, random_state=job.seed, n_jobs=2)
    model.forde()
    return lambda: unflagged(model.forge(job.rows)), ""


def forest_diffusion(job: Job) -> Fitted:
    import pandas as pd
    from ForestDiffusion import ForestDiffusionModel

    flagged, unflagged = _flags(job)
    names = list(flagged.columns)
    coded, levels = flagged.copy(), {}
    for name in names:
        if flagged[name].dtype == object:
            coded[name], levels[name] = pd.factorize(flagged[name].fillna(""))
    many = [i for i, name in enumerate(names) if len(levels.get(name, ())) > 2]
    two = [i for i, name in enumerate(names) if name in levels and i not in many]
    whole = [i for i, name in enumerate(names) if flagged[name].dtype.kind == "i"]

    def model(noise_levels: int, copies: int) -> Any:
        return ForestDiffusionModel(
            coded.to_numpy(float),
            n_t=noise_levels,
            duplicate_K=copies,
            bin_indexes=two,
            cat_indexes=many,
            int_indexes=whole,
            n_jobs=2,
            seed=job.seed,
            nthread=1,
        )

    noise_levels, copies = _affordable(model, job.seconds)
    learned = model(noise_levels, copies)

    def rows() -> Any:
        made = pd.DataFrame(learned.generate(batch_size=job.rows), columns=names)
        for name, found in levels.items():
            made[name] = pd.Series(found[made[name].round().astype(int)]).replace("", None)
        return unflagged(made)

    return rows, f"{noise_levels} of 50 noise levels, {copies} of 100 copies of the data"


def _affordable(model: Callable[[int, int], Any], seconds: float) -> tuple[int, int]:
    """Noise levels and copies of the data that fit: a trial of two levels with one copy, and one
    with three."""
    deadline = time.perf_counter() + seconds
    took = []  # seconds a level
    for copies in (1, 3):
        began = time.perf_counter()
        model(2, copies)
        took.append((time.perf_counter() - began) / 2)
        if time.perf_counter() + 5 * took[0] > deadline:
            raise TooSlow(
                f"one of 50 noise levels, with 1 of 100 copies of the data, takes {took[0]:.0f} s"
            )
    each = max((took[1] - took[0]) / 2, 1e-3)
    left = 0.8 * (deadline - time.perf_counter())  # two trials are a rough guide
    for noise_levels, least in ((50, 5), (20, 5), (10, 3), (5, 1)):
        copies = int((left / noise_levels - took[0]) / each) + 1
        if copies >= least:
            return noise_levels, min(copies, 100)
    return 5, 1


def cart(job: Job) -> Fitted:
    """Fitting and drawing go together, column by column, so all of it is timed as sampling."""
    from cart import synthesised

    return lambda: synthesised(job.train, job.discrete, job.rows, job.seed), "draws while it learns"


def _flags(job: Job) -> tuple[Any, Callable[[Any], Any]]:
    """For peers that know no missing numbers: such a number becomes its median and a category that
    says it was missing."""
    table = job.train.copy()
    numbers = [
        name for name in table.columns if name not in job.discrete and table[name].isna().any()
    ]
    for name in numbers:
        table[f"{name} is missing"] = (
            table[name].isna().map({True: "yes", False: "no"}).astype(object)
        )
        table[name] = table[name].fillna(table[name].median())

    def back(made: Any) -> Any:
        for name in numbers:
            made.loc[made.pop(f"{name} is missing") == "yes", name] = None
        return made

    return table, back


PEERS: dict[str, Callable[[Job], Fitted]] = {
    "cart": cart,
    "gaussian_copula": gaussian_copula,
    "tvae": tvae,
    "ctgan": ctgan,
    "mostlyai": mostlyai,
    "arfpy": arfpy,
    "forest_diffusion": forest_diffusion,
}
NEEDS = {
    "cart": ["sklearn.tree", "cart"],
    "gaussian_copula": ["sdv.single_table"],
    "ctgan": ["sdv.single_table"],
    "tvae": ["sdv.single_table"],
    "mostlyai": ["mostlyai.engine"],
    "arfpy": ["arfpy.arf"],
    "forest_diffusion": ["ForestDiffusion"],
}
DISTRIBUTIONS = {
    "cart": ["scikit-learn"],
    "gaussian_copula": ["sdv"],
    "tvae": ["sdv", "ctgan", "torch"],
    "ctgan": ["sdv", "ctgan", "torch"],
    "mostlyai": ["mostlyai-engine", "torch"],
    "arfpy": ["arfpy", "scikit-learn"],
    "forest_diffusion": ["ForestDiffusion", "xgboost"],
}


def versions() -> dict[str, dict[str, str]]:
    """Per peer, the versions that decide about its rows; a peer that is not installed is left
    out."""
    found = {}
    for name, distributions in DISTRIBUTIONS.items():
        with contextlib.suppress(PackageNotFoundError):
            found[name] = {distribution: version(distribution) for distribution in distributions}
    return found


def peak_mib() -> float:
    """Peak memory of this process and of the workers that it has started, in MiB.

    Not of getrusage, which on Linux starts from the memory of the process that this one was made
    by.
    """
    if not Path("/proc/self/status").exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            2**20 if sys.platform == "darwin" else 1024
        )
    kib = 0
    for status in (Path("/proc/self/status"), *Path("/proc").glob("[0-9]*/status")):
        with contextlib.suppress(OSError):  # a process that has just ended
            said = dict(line.split(":", 1) for line in status.read_text().splitlines())
            if "self" in status.parts or said["PPid"].strip() == str(os.getpid()):
                kib += int(said.get("VmHWM", "0").split()[0])
    return kib / 1024


def main(name: str, folder: Path, rows: int, seed: int, cap: float) -> None:
    import pandas as pd

    for module in NEEDS[name]:
        import_module(module)
    kinds = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    train = pd.read_parquet(folder / "train.parquet")
    discrete = [column for column, kind in kinds.items() if kind == "category"]
    job = Job(train.astype(dict.fromkeys(discrete, object)), discrete, rows, seed, FIT_SHARE * cap)
    signal.setitimer(
        signal.ITIMER_REAL, cap
    )  # no handler: the system ends the process, whatever code it is in
    began = time.perf_counter()
    try:
        draw, note = PEERS[name](job)
    except TooSlow as why:
        (folder / "told.json").write_text(
            json.dumps({"state": "cut", "note": str(why)}), encoding="utf-8"
        )
        return
    fitted = time.perf_counter()
    made = draw()
    told = {
        "state": "done",
        "note": note,
        "fit": fitted - began,
        "sample": time.perf_counter() - fitted,
        "peak_mib": peak_mib(),
    }
    signal.setitimer(signal.ITIMER_REAL, 0)
    made = made[list(train.columns)].astype(dict.fromkeys(discrete, "string"))
    made.to_parquet(folder / "synthetic.parquet")
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--versions"]:
        print(json.dumps(versions()))
    else:
        warnings.simplefilter("ignore")
        main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
