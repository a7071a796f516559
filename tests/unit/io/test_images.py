from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tests.unit.io.opening import read
from tidemill.core.errors import InputError, OutputError
from tidemill.core.run import Run
from tidemill.imaging.pixels import images, pixels
from tidemill.io.writing import write, write_chunks

FOUND = load_digits()
DIGITS = (FOUND.images[:60] * 255 / 16).round().astype(np.uint8)
LABELS = FOUND.target[:60]


def encoded(image: np.ndarray, sort: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).save(out, sort)
    return out.getvalue()


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    folder = tmp_path / "digits"
    for k, (image, label) in enumerate(zip(DIGITS, LABELS, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        (folder / str(label) / f"{k:03d}.png").write_bytes(encoded(image))
    return folder


def test_sub_folders_are_labels(classes: Path, run: Run) -> None:
    data = read(classes, run)
    order = np.argsort(LABELS, kind="stable")
    assert np.array_equal(pixels(data["image"])[..., 0], DIGITS[order])
    assert data["label"].to_list() == [str(label) for label in LABELS[order]]
    assert data.name == "digits"
    assert [(c.kind, c.role) for c in data.schema] == [("image", "feature"), ("category", "target")]
    assert "folder" in data.schema["label"].role_reason
    assert not run.warnings
    assert read(classes, run, ignore=["label"]).target is None


def test_what_cannot_be_read_is_left_out_and_told(classes: Path, run: Run) -> None:
    whole = (classes / "0" / "000.png").read_bytes()
    (classes / "0" / "000.png").write_bytes(whole[:60])  # its head is whole
    (classes / "1" / "none.jpg").write_bytes(b"")
    (classes / "1" / "notes.txt").write_text("no image")
    data = read(classes, run)
    assert len(data) == 59
    assert "2 of 61 images cannot be read" in run.warnings[0]
    for path in classes.rglob("*.png"):
        path.write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match="none of the images can be read"):
        read(classes, run)


def test_sizes(classes: Path, run: Run) -> None:
    (classes / "0" / "large.png").write_bytes(encoded(np.full((20, 10), 200, np.uint8)))
    data = read(classes, run)
    assert pixels(data["image"]).shape == (61, 8, 8, 1)
    assert "1 of 61 images were resized to 8 x 8 pixels" in run.warnings[0]
    assert pixels(read(f"{classes}?size=4x6", run)["image"]).shape == (61, 6, 4, 1)
    for wrong in ("0", "4x4x4", "big", "4000"):
        with pytest.raises(InputError, match="is no size"):
            read(f"{classes}?size={wrong}", run)
    for k, path in enumerate(sorted(classes.rglob("*.png"))):
        path.write_bytes(encoded(np.zeros((9 + k, 9), np.uint8)))
    with pytest.raises(InputError, match="61 sizes") as found:
        read(classes, run)
    assert "?size=32" in str(found.value)


def test_colour_transparency_and_orientation(tmp_path: Path, run: Run) -> None:
    red = np.zeros((6, 4, 4), np.uint8)
    red[:3] = (255, 0, 0, 255)  # below it is transparent
    (tmp_path / "a.webp").write_bytes(encoded(red, "WEBP"))
    (tmp_path / "b.png").write_bytes(encoded(red[..., 0]))
    turned = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6) * 10)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter
    turned.save(tmp_path / "c.png", exif=exif)
    shown = pixels(read(tmp_path, run)["image"])
    assert shown.shape == (3, 6, 4, 3)
    assert shown[0, 0, 0].tolist() == pytest.approx([255, 0, 0], abs=8)
    assert shown[0, -1, 0].tolist() == pytest.approx([255, 255, 255], abs=8)
    assert np.array_equal(shown[2, :, ::-1, 0].T, np.asarray(turned))


def test_a_file_of_labels(tmp_path: Path, run: Run) -> None:
    for k in range(5):
        (tmp_path / f"{k}.png").write_bytes(encoded(DIGITS[k]))
    (tmp_path / "labels.csv").write_text(
        "what,file\neven,0.png\nodd,1.png\neven,2.png\nodd,3.png\nlost,9.png\n"
    )
    data = read(tmp_path, run)
    assert data["what"].to_list() == ["even", "odd", "even", "odd"]
    assert data.target is not None
    assert "1 images of the folder do not stand in labels.csv" in run.warnings[0]
    (tmp_path / "labels.csv").write_text("what,file\neven,x.png\n")
    with pytest.raises(InputError, match="no column names the images"):
        read(tmp_path, run)


def test_folders_without_images(tmp_path: Path, run: Run) -> None:
    (tmp_path / "table.csv").write_text("a\n1\n")
    with pytest.raises(InputError, match="no images in this folder"):
        read(tmp_path, run)


def test_arrays(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "digits.npz"
    np.savez(
        path,
        train_images=DIGITS,
        train_labels=LABELS[:, None],
        test_images=DIGITS[:9],
        test_labels=LABELS[:9],
        class_names=np.array([f"digit {k}" for k in range(10)]),
    )
    with pytest.raises(
        InputError, match=r"2 arrays that may be the images \(train_images \(60, 8, 8\), test"
    ) as found:
        read(path, run)
    assert "?images=train_images" in str(found.value)
    data = read(f"{path}?images=train_images", run)
    assert np.array_equal(pixels(data["image"])[..., 0], DIGITS)
    assert data["label"].to_list() == [f"digit {label}" for label in LABELS]
    np.save(tmp_path / "plain.npy", np.stack([DIGITS] * 3, axis=-1))
    assert pixels(read(tmp_path / "plain.npy", run)["image"]).shape == (60, 8, 8, 3)
    np.savez(tmp_path / "both.npz", x=DIGITS, y=LABELS, label=LABELS)
    with pytest.raises(InputError, match="2 arrays that may be the labels"):
        read(tmp_path / "both.npz", run)
    assert read(f"{tmp_path / 'both.npz'}?labels=y", run)["label"].dtype == pl.String


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"images": DIGITS / 255}, "the images are of float64"),
        ({"images": DIGITS[..., None].repeat(2, -1)}, "is no array of images"),
        ({"rows": LABELS}, r"no array of images \(rows \(60,\)\)"),
        ({"images": np.array([[[{}]]])}, "no plain array"),
        ({"images": np.zeros((1, 3, 500), np.uint8)}, "cannot be learned"),
    ],
)
def test_arrays_that_are_no_images(
    arrays: dict[str, np.ndarray], what: str, tmp_path: Path, run: Run
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=what):
        read(tmp_path / "a.npz", run)


def test_damaged_arrays(tmp_path: Path, run: Run) -> None:
    np.savez(tmp_path / "a.npz", images=DIGITS)
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999, 99999, 9999), }"
    head += b" " * (118 - len(head) - 1) + b"\n"
    (tmp_path / "b.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
    for name in ("a.npz", "b.npy"):
        with pytest.raises(InputError, match="damaged"):
            read(tmp_path / name, run)


def test_images_in_a_table(tmp_path: Path, run: Run) -> None:
    (tmp_path / "photos").mkdir()
    for k in range(6):
        (tmp_path / "photos" / f"{k}.png").write_bytes(encoded(DIGITS[k]))
    (tmp_path / "shop.csv").write_text(
        "photo,price\n" + "".join(f"photos/{k}.png,{k + 1}.50\n" for k in range(6))
    )
    data = read(tmp_path / "shop.csv", run)
    assert data.schema["photo"].kind == "image"
    assert np.array_equal(pixels(data["photo"])[..., 0], DIGITS[:6])
    assert data["price"].to_list() == [k + 1.5 for k in range(6)]
    frame = pl.DataFrame(
        {"photo": [encoded(image) for image in DIGITS[:6]], "label": list("ababab")}
    )
    data = read(frame, run)
    assert np.array_equal(pixels(data["photo"])[..., 0], DIGITS[:6])
    (tmp_path / "schema.toml").write_text('[columns.price]\nkind = "image"\n')
    with pytest.raises(InputError, match="none of the images can be read"):
        read(tmp_path / "shop.csv", run, schema=tmp_path / "schema.toml")


def test_written_images_come_back(classes: Path, tmp_path: Path, run: Run) -> None:
    data = read(classes, run)
    for name in ("a.parquet", "a.npz", "folder"):
        write(data, tmp_path / name)
        again = read(tmp_path / name, run)
        assert again.frame.equals(data.frame), name
        assert again.schema["label"].role == "target"
        with pytest.raises(OutputError, match="exists already"):
            write(data, tmp_path / name)
    with np.load(tmp_path / "a.npz") as arrays:
        assert list(arrays) == ["images", "labels"]
        assert arrays["images"].dtype == np.uint8
        assert arrays["labels"].tolist() == sorted(LABELS.tolist())
    write(data, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    write_chunks(
        [data.rows(np.arange(5)), data.rows(np.arange(5, 60))], tmp_path / "folder", overwrite=True
    )
    assert read(tmp_path / "folder", run).frame.equals(data.frame)
    write(data, tmp_path / "sheet.png")
    assert np.asarray(Image.open(tmp_path / "sheet.png")).shape == (4 * 71, 4 * 71)


def test_where_images_cannot_be_written_to(classes: Path, tmp_path: Path, run: Run) -> None:
    data = read(classes, run)
    for name in ("a.csv", "a.xlsx", "a.jsonl"):
        with pytest.raises(OutputError, match="is not for images"):
            write(data, tmp_path / name)
        assert not (tmp_path / name).exists()
    mixed = tmp_path / "mine"
    mixed.mkdir()
    (mixed / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match="other files than such as are written here"):
        write(data, mixed, overwrite=True)
    assert (mixed / "letter.txt").exists()
    with pytest.raises(OutputError, match="other files than such as are written here"):
        write(data, classes, overwrite=True)  # photographs of the user's own
    assert read(classes, run).frame.equals(data.frame)
    with pytest.raises(OutputError, match=r"the ending '\.tiff' is unknown"):
        write(data, tmp_path / "a.tiff")
    table = data.select(["label"])
    for name in ("a.npz", "a.png"):
        with pytest.raises(OutputError, match="is not for tables"):
            write(table, tmp_path / name)


def test_each_label_has_a_folder_of_its_own(tmp_path: Path, run: Run) -> None:
    labels = ["a/b", "a_b", "A_B", "..", "", "a_b"]
    data = read(pl.DataFrame([images("image", DIGITS[:6]), pl.Series("label", labels)]), run)
    write(data, tmp_path / "out")
    found = {path.name: len(list(path.iterdir())) for path in (tmp_path / "out").iterdir()}
    assert sorted(found.values()) == [1, 1, 1, 1, 2]
    assert {path.parent for path in tmp_path.rglob("*.png")} == {
        tmp_path / "out" / name for name in found
    }


def test_what_is_transparent_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    run = Run(listener=lambda event: told.append(event.text))
    for k, image in enumerate(DIGITS[:6]):
        glass = Image.fromarray(image).convert("RGBA")
        glass.putalpha(255 if k else 0)
        glass.save(tmp_path / f"{k}.png")
    shown = pixels(read(tmp_path, run).frame["image"])
    assert (shown[0] == 255).all()
    assert np.array_equal(shown[1:, ..., 0], DIGITS[1:6])
    said = "1 of 6 images are transparent in part; that is shown white (?alpha=keep keeps it)."
    assert said in told


def sprites(count: int) -> np.ndarray:
    """A red square in the middle of each, in front of clear green."""
    shown = np.zeros((count, 8, 6, 4), np.uint8)
    shown[..., 1] = 90
    shown[:, 2:6, 2:4] = (200, 0, 0, 255)
    shown[:, 2, 2] = (200, 0, 0, 60)
    return shown


def test_sprites_keep_what_is_transparent(tmp_path: Path, run: Run) -> None:
    kept = np.where(sprites(5)[..., 3:] > 0, sprites(5), 0)
    for k, sprite in enumerate(sprites(5)):
        (tmp_path / f"{k}.png").write_bytes(encoded(sprite))
    (tmp_path / "other.png").write_bytes(encoded(np.full((8, 6, 3), 7, np.uint8)))
    shown = pixels(read(tmp_path, run)["image"])
    assert np.array_equal(shown[:5], kept)
    assert (shown[5] == (7, 7, 7, 255)).all()
    white = pixels(read(f"{tmp_path}?alpha=white", run)["image"])
    assert white.shape == (6, 8, 6, 3)
    assert (white[0, 0, 0] == 255).all()
    larger = pixels(read(f"{tmp_path}?size=12x16", run)["image"])
    assert np.array_equal(larger[:5], kept.repeat(2, 1).repeat(2, 2))
    with pytest.raises(InputError, match="means nothing"):
        read(f"{tmp_path}?alpha=black", run)


def test_arrays_of_sprites(tmp_path: Path, run: Run) -> None:
    kept = np.where(sprites(5)[..., 3:] > 0, sprites(5), 0)
    np.savez(tmp_path / "sprites.npz", images=sprites(5))
    data = read(tmp_path / "sprites.npz", run)
    assert np.array_equal(pixels(data["image"]), kept)
    np.savez(tmp_path / "solid.npz", images=np.full((5, 8, 6, 4), 255, np.uint8))
    assert pixels(read(tmp_path / "solid.npz", run)["image"]).shape == (5, 8, 6, 3)
    for name in ("folder", "arrays.npz"):
        write(data, tmp_path / name)
        assert np.array_equal(pixels(read(tmp_path / name, run)["image"]), kept)
    write(data, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (sheet.mode, sheet.getpixel((0, 0))) == ("RGBA", (0, 0, 0, 0))


def test_frames_with_pixels(run: Run) -> None:
    frame = pl.DataFrame([images("scan", DIGITS), pl.Series("age", range(60))])
    data = read(frame, run)
    assert data.schema["scan"].kind == "image"
    assert "8 x 8 pixels, grey" in data.schema["scan"].reason
