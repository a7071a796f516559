"""HMA of SDV on a parent and its children, in a process of its own in the peers' venv.

    benchmarks/.venv-peers/bin/python benchmarks/hma_peer.py FOLDER SEED

reads FOLDER/parent.parquet, FOLDER/child.parquet and FOLDER/columns.json (table -> column -> kind;
the key of the parent is "parent_key" in both), writes FOLDER/made_parent.parquet,
FOLDER/made_child.parquet and FOLDER/told.json with CPU seconds of fitting and of sampling.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

SDTYPES = {"number": "numerical", "category": "categorical", "boolean": "boolean"}
DAY, SECOND = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"


def main(folder: Path, seed: int) -> None:
    """Fit, sample, and write."""
    warnings.filterwarnings("ignore")
    import numpy as np
    import pandas as pd
    import torch
    from sdv.metadata import Metadata
    from sdv.multi_table import HMASynthesizer

    np.random.seed(seed)  # noqa: NPY002 - what the peer draws by
    torch.manual_seed(seed)
    kinds = json.loads((folder / "columns.json").read_text())
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in kinds}
    told: dict[str, Any] = {"tables": {}, "METADATA_SPEC_VERSION": "V1"}
    for name, columns in kinds.items():
        described = {"parent_key": {"sdtype": "id"}}
        for column, kind in columns.items():
            described[column] = {"sdtype": SDTYPES.get(kind, "datetime")}
            if kind == "datetime":
                times = pd.to_datetime(tables[name][column]).astype("datetime64[ns]")
                tables[name][column] = times  # in microseconds it makes days of 1970
                is_day = (times.dropna() == times.dropna().dt.normalize()).all()
                described[column]["datetime_format"] = DAY if is_day else SECOND
        told["tables"][name] = {"columns": described}
    told["tables"]["parent"]["primary_key"] = "parent_key"
    told["relationships"] = [
        {
            "parent_table_name": "parent",
            "parent_primary_key": "parent_key",
            "child_table_name": "child",
            "child_foreign_key": "parent_key",
        }
    ]
    peer = HMASynthesizer(Metadata.load_from_dict(told), verbose=False)
    began = time.process_time()
    peer.fit(tables)
    learned = time.process_time()
    made = peer.sample(len(tables["parent"]), main_table_name="parent")
    done = time.process_time()
    for name, frame in made.items():
        frame.to_parquet(folder / f"made_{name}.parquet")
    (folder / "told.json").write_text(json.dumps({"seconds": [learned - began, done - learned]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
