"""Arrays as NumPy stores them: images, or the voices of pieces of music."""

from __future__ import annotations

from tidemill.core.run import Run
from tidemill.io.file import File
from tidemill.io.images import arrays as of_images
from tidemill.io.music.arrays import parts_of, read_voices
from tidemill.io.source import Raw


def read(file: File, run: Run) -> Raw:
    """What the arrays of an .npz file are: pieces of music where an array goes with another one
    that is called as it is, with "_len" behind, and images else.

    Raises:
        InputError: The file is damaged, or its arrays are neither.
    """
    where = str(file.path)
    arrays = of_images.arrays_of(file, where)
    if parts_of(arrays) and "images" not in file.part:
        return read_voices(arrays, file.part.get("part", ""), where, run)
    return of_images.read(file, run)
