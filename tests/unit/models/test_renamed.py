"""Options under the names that they had before."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conformance.quick import NEURAL
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Spec
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import unfitted
from tidemill.models.renamed import RENAMED, current

OLD = {new: old for old, new in RENAMED.items()}


def test_each_new_name_is_an_option_and_no_old_one_is() -> None:
    known = set().union(*(MODELS.load(name).parameters for name in MODELS))
    assert set(RENAMED.values()) <= known
    assert not known & set(RENAMED)


def test_an_old_option_is_refused_by_naming_the_new_one() -> None:
    with pytest.raises(OptionError, match="'heat' is now 'temperature'"):
        unfitted("gan", {"heat": 1.0})
    with pytest.raises(OptionError, match="'rise' is now 'kl_warmup'"):
        unfitted("latent", {"vae_options": "rise=10"})
    with pytest.raises(OptionError, match="'flow' has no option 'heat'"):
        unfitted("flow", {"heat": 1.0})


@pytest.mark.parametrize("name", NEURAL)
def test_models_stored_with_old_names_are_read(name: str) -> None:
    spec = Spec(codes=(Code("coin", 2),))
    batch = Batch(np.zeros((40, 0), np.int64), np.arange(40, dtype=np.int32)[:, None] % 2)
    model = unfitted(name, {"steps": 2, "width": 8}).fit(spec, batch, Run())
    document, arrays = model.to_state()
    old = _with_old_names(document)
    assert old != document
    again = MODELS.load(name).from_state(spec, old, arrays)
    assert again.to_state()[0] == document


def test_options_of_parts_are_read_under_old_names() -> None:
    made = MODELS.load("latent")
    spec = Spec(codes=(Code("coin", 2),))
    batch = Batch(np.zeros((40, 0), np.int64), np.arange(40, dtype=np.int32)[:, None] % 2)
    options = {"steps": 2, "width": 8, "inner_options": "sampling_steps=3"}
    document, arrays = unfitted("latent", options).fit(spec, batch, Run()).to_state()
    document["options"]["inner_options"] = "moves=3"
    again = made.from_state(spec, document, arrays)
    assert again.options.inner_options == "sampling_steps=3"


def test_other_names_stay() -> None:
    assert current({"hidden": 3}, {"hidden": 8, "source_dropout": 0.1}) == {"hidden": 3}


def _with_old_names(document: dict) -> dict:
    changed = {}
    for key, value in document.items():
        inner = _with_old_names(value) if isinstance(value, dict) else value
        changed[OLD.get(key, key)] = inner
    return changed
