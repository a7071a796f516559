"""A folder of images, of sounds, of pieces of music or of texts: what there is most of."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import PurePath

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import listing, plural
from tidemill.io.file import File
from tidemill.io.images import folder as of_images
from tidemill.io.images.files import ENDINGS
from tidemill.io.music import files as of_music
from tidemill.io.sound import folder as of_sounds
from tidemill.io.sound.decoding import is_sound_file
from tidemill.io.source import Raw
from tidemill.io.texts import folder as of_texts
from tidemill.io.texts.documents import files_below, holds, is_text_file

_FEW = 0.25
"""Files of other sorts are left out, if they are so few."""
_SORTS: dict[str, tuple[Callable[[str], bool], Callable[[File, Run], Raw]]] = {
    "image": (lambda name: PurePath(name).suffix.lower() in ENDINGS, of_images.read),
    "sound": (is_sound_file, of_sounds.read),
    "piece": (lambda name: PurePath(name).suffix.lower() in of_music.ENDINGS, of_music.read_folder),
    "text": (is_text_file, of_texts.read),
}
_ASKED = {
    "size": "image",
    "rate": "sound",
    "names": "sound",
    "voices": "piece",
    "by": "text",
    "encoding": "text",
}
"""Of which sort the files are by what is asked for behind the name."""


def read(file: File, run: Run) -> Raw:
    """The images of a folder, its sounds, its pieces or its texts; a zip is one of sounds or texts.

    Raises:
        InputError: It holds none of them, or many of several.
    """
    for key, sort in _ASKED.items():
        if key in file.part:
            return _SORTS[sort][1](file, run)
    if file.packed:
        with zipfile.ZipFile(file.path) as archive:
            is_heard = holds(archive.namelist(), is_sound_file)
        return _SORTS["sound" if is_heard else "text"][1](file, run)
    found = dict.fromkeys(_SORTS, 0)
    for path in files_below(file.path):
        for sort, (is_one, _) in _SORTS.items():
            found[sort] += is_one(path.name)
    most = max(found, key=lambda sort: found[sort])
    others = {sort: files for sort, files in found.items() if files and sort != most}
    if sum(others.values()) > _FEW * sum(found.values()):
        counted = [plural(files, sort) for sort, files in found.items() if files]
        raise InputError(
            f"the folder holds {listing(counted)}",
            where=str(file.path),
            hint="say which are meant: ?by=file behind its name for the texts, ?size=32 for the "
            "images, ?rate=16000 for the sounds, ?voices=4 for the pieces",
        )
    raw = _SORTS[most][1](file, run)
    if others and most != "text":  # that reader tells what it leaves out
        counted = [plural(files, sort) for sort, files in others.items()]
        run.warn(f"{listing(counted)} among the {most}s of {file.path} left out.", "read")
    return raw
