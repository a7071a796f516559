"""Which codec a dataset is learned with."""

from __future__ import annotations

from collections.abc import Collection

from tidemill.codecs import CODECS
from tidemill.codecs.codec import Claim, Codec
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.schema import Schema


def default_model(schema: Schema) -> str:
    """The model that is taken for data of this schema where none is named."""
    for name in CODECS:
        kind: type[Codec] = CODECS.load(name)
        if kind.claims(schema, None) == "must":
            return kind.default_model
    return Codec.default_model


def choose(
    schema: Schema, learns: Collection[str], model: str, window: int | None, run: Run
) -> tuple[str, Codec]:
    """The registered name of the codec for a dataset, and the codec, not fitted yet.

    A codec that must have such data comes first, then the first one that may have them and whose
    grid the model learns.

    Args:
        schema: Of the dataset.
        learns: The topologies that the model learns.
        model: Its name, for messages.
        window: Steps that series are to be cut to, where the user says so.
        run: Is told what else could be learned of such data.

    Raises:
        OptionError: The model cannot learn such data, or the window makes no sense.
    """
    kinds: dict[str, type[Codec]] = {name: CODECS.load(name) for name in CODECS}
    claims: dict[str, Claim] = {name: kind.claims(schema, window) for name, kind in kinds.items()}
    for name, claim in claims.items():
        if claim == "must":
            kind = kinds[name]
            if kind.topology not in learns:
                raise OptionError(
                    f"the model '{model}' cannot learn {kind.items}",
                    hint=f"choose a neural model: see `tidemill models`; or {kind.as_table}",
                )
            return name, kind.unfitted(window)
    for kind in kinds.values():
        if window is None and kind.topology in learns and kind.overlooked(schema):
            run.emit("note", "learn", kind.overlooked(schema))
    for name, claim in claims.items():
        if claim == "may" and kinds[name].topology in learns:
            return name, kinds[name].unfitted(window)
    raise OptionError(
        f"the model '{model}' cannot learn such data", hint="choose another: see `tidemill models`"
    )
