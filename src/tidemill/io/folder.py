"""A folder of images, or one of texts: what there is more of."""

from __future__ import annotations

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import plural
from tidemill.io.file import File
from tidemill.io.images import folder as of_images
from tidemill.io.images.files import ENDINGS
from tidemill.io.source import Raw
from tidemill.io.texts import folder as of_texts
from tidemill.io.texts.documents import files_below, is_text_file

_FEW = 0.25
"""Files of the other sort are left out, if they are so few."""


def read(file: File, run: Run) -> Raw:
    """The images of a folder, or its texts; a zip is one of texts.

    Raises:
        InputError: It holds neither, or many of both.
    """
    if file.packed or file.by or "encoding" in file.part:
        return of_texts.read(file, run)
    if "size" in file.part:
        return of_images.read(file, run)
    images = texts = 0
    for path in files_below(file.path):
        images += path.suffix.lower() in ENDINGS
        texts += is_text_file(path.name)
    if min(images, texts) > _FEW * (images + texts):
        raise InputError(
            f"the folder holds {plural(images, 'image')} and {plural(texts, 'text')}",
            where=str(file.path),
            hint="say which are meant: ?by=file behind its name for the texts, ?size=32 for the "
            "images",
        )
    if texts <= images:
        raw = of_images.read(file, run)
        if texts:
            run.warn(f"{plural(texts, 'text')} among the images of {file.path} left out.", "read")
        return raw
    return of_texts.read(file, run)
