"""Arrays of images with their labels, as NumPy stores them."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.imaging.pixels import images
from tidemill.imaging.transparency import OPAQUE, on_ground
from tidemill.io.bounds import DAMAGED, check_archive
from tidemill.io.file import File
from tidemill.io.images.alpha import keeps_alpha
from tidemill.io.images.files import LARGEST
from tidemill.io.images.folder import IMAGE, LABEL
from tidemill.io.source import Raw

NAMES = ("images", "image", "x", "data")
LABELS = ("labels", "label", "y", "target", "targets")
CLASSES = "class_names"
SPLIT = "split"
"""The column that says from which of several arrays an image is."""
_HINT = "store images as uint8 from 0 to 255, (n, height, width) or (n, height, width, 3 or 4)"


def read(file: File, run: Run) -> Raw:
    """The images of an .npz or .npy file, with their labels.

    The array of three or more axes is the images; where there are several, ``?images=NAME`` says
    which. Of those with an alpha, it is kept where at least half of them are transparent in part,
    or where ``&alpha=keep`` says so; else, or with ``&alpha=white``, that is shown white. An array
    of as many labels is the label: one that goes by the name of labels, has the
    same prefix as the images (train_labels beside train_images), or is named by ``&labels=NAME``.
    ``?images=train_images,test_images`` reads several, one below the other, and says in the column
    "split" what stands before the "_". ``&columns=patient,site`` reads further arrays of as many
    values as columns.

    Raises:
        InputError: The file is damaged, or there are no images or several arrays of them.
    """
    where = str(file.path)
    arrays = arrays_of(file, where)
    named = [name.strip() for name in file.part.get("images", "").split(",")]
    parts = [_part(file, arrays, name, where, run) for name in named]
    if len(parts) == 1:
        return parts[0]
    frames = []
    for name, part in zip(named, parts, strict=True):
        said = pl.lit(name.rpartition("_")[0] or name).alias(SPLIT)
        frames.append(part.frame.with_columns(said))
    first = frames[0]
    for name, frame in zip(named, frames, strict=True):
        if frame.schema != first.schema:
            raise InputError(
                f"the images of '{name}' are of another size than those of '{named[0]}', or only "
                "one of both has labels",
                where=where,
                hint="name arrays of one size, each with its labels",
            )
    label = None if parts[0].label is None else (LABEL, "the labels beside the images")
    return Raw(pl.concat(frames), label=label)


def _part(file: File, arrays: Mapping[str, np.ndarray], asked: str, where: str, run: Run) -> Raw:
    """One array of images with what belongs to it."""
    name = _chosen(arrays, asked, where)
    pixels = _images(arrays[name], f"{where}, '{name}'", file.part.get("alpha", ""), run)
    columns = [images(IMAGE, pixels)]
    labels = _labels(arrays, name, file.part.get("labels", ""), where)
    if labels is not None:
        texts = _named(arrays[labels].reshape(len(pixels)), arrays.get(CLASSES))
        columns.append(pl.Series(LABEL, texts))
    else:
        _tell_unfit(arrays, name, where, run)
    for further in filter(None, file.part.get("columns", "").split(",")):
        columns.append(_further(arrays, further.strip(), len(pixels), where))
    label = None if labels is None else (LABEL, f"the array '{labels}' beside the images")
    return Raw(pl.DataFrame(columns), label=label)


def _further(arrays: Mapping[str, np.ndarray], name: str, rows: int, where: str) -> pl.Series:
    """An array as a column.

    Raises:
        InputError: There is none of this name, or not with a value for each image.
    """
    fits = {key: array for key, array in arrays.items() if array.shape in ((rows,), (rows, 1))}
    if name not in fits:
        raise InputError(
            f"there is no array of {rows:,} values called '{name}'",
            where=where,
            hint=f"there are: {', '.join(fits) or 'none'}",
        )
    return pl.Series(name, fits[name].reshape(rows))


def arrays_of(file: File, where: str) -> dict[str, np.ndarray]:
    """The plain arrays of a file, by their names.

    Raises:
        InputError: The file is damaged.
    """
    damaged = InputError(
        "the file is damaged, or holds what is no plain array",
        where=where,
        hint="save it again with numpy.savez(path, images=..., labels=...)",
    )
    try:
        content = file.content()
        if file.ending == "npz":
            check_archive(io.BytesIO(content), where)
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"images": loaded}
        arrays = {name: loaded[name] for name in loaded.files}
        return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}
    except (*DAMAGED, OSError, MemoryError, SyntaxError, TypeError) as error:
        raise damaged from error


def _chosen(arrays: Mapping[str, np.ndarray], asked: str, where: str) -> str:
    """The name of the images' array.

    Raises:
        InputError: There is none, or there are several.
    """
    there = {name: array for name, array in arrays.items() if array.ndim >= 3}
    if asked:
        if asked not in there:
            raise InputError(
                f"there is no array of images called '{asked}'",
                where=where,
                hint=f"there are: {', '.join(there) or 'none'}",
            )
        return asked
    if len(there) > 1:
        by_name = [name for name in there if name in NAMES]
        if len(by_name) == 1:
            return by_name[0]
        shown = ", ".join(f"{name} {array.shape}" for name, array in there.items())
        raise InputError(
            f"there are {len(there)} arrays that may be the images ({shown})",
            where=where,
            hint=f"say which: {where}?images={next(iter(there))}",
        )
    if not there:
        shown = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InputError(
            f"there is no array of images ({shown or 'none at all'})", where=where, hint=_HINT
        )
    return next(iter(there))


def _images(array: np.ndarray, where: str, alpha: str, run: Run) -> np.ndarray:
    """(n, height, width) or (n, height, width, 3 or 4) uint8.

    Raises:
        InputError: These are no images.
    """
    channels = array.shape[-1] if array.ndim == 4 else 1
    if array.ndim > 4 or channels not in (1, 3, 4):
        raise InputError(
            f"an array of the shape {array.shape} is no array of images", where=where, hint=_HINT
        )
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    if array.dtype != np.uint8:
        raise InputError(f"the images are of {array.dtype}", where=where, hint=_HINT)
    if not array.size or max(array.shape[1:3]) > LARGEST:
        raise InputError(
            f"images of {' x '.join(map(str, array.shape[1:3]))} pixels cannot be learned",
            where=where,
            hint=f"give images of 1 to {LARGEST} pixels a side",
        )
    if channels == 4:
        clear = int((array[..., 3] < OPAQUE).any(axis=(1, 2)).sum())
        return (
            array if keeps_alpha(clear, len(array), alpha, where, run) else on_ground(array, OPAQUE)
        )
    if channels == 1 and array.ndim == 4:
        return array[..., 0]
    return array


def _labels(arrays: Mapping[str, np.ndarray], images: str, asked: str, where: str) -> str | None:
    """The name of the labels' array; None where there is none.

    Raises:
        InputError: The one that is asked for does not fit, or there are several.
    """
    n = len(arrays[images])
    fits = []
    for name, array in arrays.items():
        if name != images and array.shape in ((n,), (n, 1)):
            fits.append(name)
    if asked:
        if asked not in fits:
            raise InputError(
                f"there is no array of {n:,} labels called '{asked}'",
                where=where,
                hint=f"there are: {', '.join(fits) or 'none'}",
            )
        return asked
    prefix, _, rest = images.rpartition("_")
    before = f"{prefix}_" if prefix and rest else ""
    named = []
    for name in fits:
        if name.startswith(before) and name.removeprefix(before).lower() in LABELS:
            named.append(name)
    if len(named) > 1:
        raise InputError(
            f"there are {len(named)} arrays that may be the labels ({', '.join(named)})",
            where=where,
            hint=f"say which: {where}?images={images}&labels={named[0]}",
        )
    return named[0] if named else None


def _tell_unfit(arrays: Mapping[str, np.ndarray], images: str, where: str, run: Run) -> None:
    """Warn of what goes by the name of labels, and is not one for each image."""
    for name, array in arrays.items():
        if name != images and name.rpartition("_")[2].lower() in LABELS:
            shape = " x ".join(f"{size:,}" for size in array.shape) or "1"
            run.warn(
                f"The array '{name}' of {where} holds {shape} values, not one for each of "
                f"{len(arrays[images]):,} images; it is left out.",
                "read",
            )


def _named(labels: np.ndarray, classes: np.ndarray | None) -> list[str]:
    """Labels as text, by the names of the classes where they are numbers and there are such."""
    texts = [str(label) for label in labels.tolist()]
    if classes is None or classes.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        return texts
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= len(classes):
        return texts
    return [str(classes[label]) for label in labels]
