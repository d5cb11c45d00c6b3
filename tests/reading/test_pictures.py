"""Pictures of every mode, of every orientation, and those that cannot be read."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mnist_pipeline.reading.pictures import BadPictureError, open_picture, to_grey

SHADES = np.arange(0, 256, 17, dtype=np.uint8).reshape(4, 4).repeat(4, axis=0).repeat(4, axis=1)
GREY = SHADES / np.float32(255)


def saved(image, file_format, **options):
    """The bytes of a picture file."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def grey_palette(image):
    paletted = Image.frombytes("P", image.size, image.tobytes())
    paletted.putpalette(np.arange(256, dtype=np.uint8).repeat(3).tobytes())
    return paletted


L = Image.fromarray(SHADES)
MODES = {
    "L": L,
    "RGB": L.convert("RGB"),
    "RGBA": L.convert("RGBA"),
    "LA": L.convert("LA"),
    "P": grey_palette(L),
    "CMYK": L.convert("RGB").convert("CMYK"),
    "I": Image.fromarray(SHADES.astype(np.int32)),
    "I of 16 bits": Image.fromarray(SHADES.astype(np.int32) * 257),
    "I;16": Image.fromarray(SHADES.astype(np.uint16) * 257),
    "I;16B": Image.fromarray((SHADES.astype(np.uint16) * 257).astype(">u2")),
    "F": Image.fromarray(GREY),
    "F to 255": Image.fromarray(SHADES.astype(np.float32)),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_any_mode_has_the_same_grey(mode):
    assert MODES[mode].mode == mode.split()[0]
    grey = to_grey(MODES[mode])
    assert grey.dtype == np.float32
    np.testing.assert_allclose(grey, GREY, atol=1e-6)


def test_a_picture_of_1_bit_is_black_and_white():
    bits = SHADES > 100
    np.testing.assert_array_equal(to_grey(Image.fromarray(bits)), bits)
    assert Image.fromarray(bits).mode == "1"


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_a_file_of_16_bits_keeps_what_8_bits_would_not_tell_apart(file_format):
    values = np.arange(30_000, 30_000 + 36, dtype=np.uint16).reshape(6, 6)
    image = open_picture(saved(Image.fromarray(values), file_format))
    np.testing.assert_allclose(to_grey(image), values / 65535, atol=1e-6)


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [("PNG", "L"), ("PNG", "P"), ("BMP", "RGB"), ("TIFF", "L"), ("GIF", "L"), ("PNG", "LA")],
)
def test_a_file_of_any_format_has_the_same_grey(file_format, mode):
    image = open_picture(saved(MODES[mode], file_format))
    np.testing.assert_allclose(to_grey(image), GREY, atol=1e-6)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_of_any_mode_has_nearly_the_same_grey(mode):
    image = open_picture(saved(MODES[mode], "JPEG", quality=95))
    assert image.mode == mode
    np.testing.assert_allclose(to_grey(image), GREY, atol=0.05)  # it is lossy


def test_numbers_that_are_none_or_below_black_are_black():
    values = np.array([[np.nan, -3.0], [0.5, 1.0]], np.float32)
    np.testing.assert_array_equal(to_grey(Image.fromarray(values)), [[0, 0], [0.5, 1]])


# Orientation

STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright.T, 2),
    8: lambda upright: np.rot90(upright, 3),
}
"""How a camera stores a picture under each EXIF orientation."""


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_is_upright_whatever_its_orientation(orientation, file_format):
    upright = np.zeros((16, 24), np.uint8)
    upright[:4, :16] = 255
    upright[4:8, :8] = 120
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    grey = to_grey(open_picture(saved(stored, file_format, exif=exif)))
    np.testing.assert_allclose(grey, upright / 255, atol=0.1)  # JPEG is lossy


def test_a_picture_with_damaged_exif_is_read_or_refused_but_nothing_else():
    picture = saved(L, "PNG", exif=b"Exif\0\0garbage")
    np.testing.assert_allclose(to_grey(open_picture(picture)), GREY)


# Transparency


@pytest.mark.parametrize("hidden", [0, 255])
@pytest.mark.parametrize(("stroke", "ground"), [(0, 1.0), (60, 1.0), (255, 0.0), (200, 0.0)])
def test_a_transparent_ground_is_the_opposite_of_its_strokes(stroke, ground, hidden):
    """Whatever colour the transparent pixels hide."""
    opaque = np.zeros((9, 9), bool)
    opaque[2:7, 4] = True
    values = np.where(opaque, stroke, hidden).astype(np.uint8)
    alpha = np.where(opaque, 255, 0).astype(np.uint8)
    expected = np.where(opaque, stroke / 255, ground)
    for channels in ((values, alpha), (values, values, values, alpha)):
        picture = Image.merge(
            "LA" if len(channels) == 2 else "RGBA", list(map(fromarray, channels))
        )
        np.testing.assert_allclose(to_grey(picture), expected, atol=1e-6)


fromarray = Image.fromarray


def test_half_transparent_ink_is_half_as_dark():
    rgba = np.zeros((5, 5, 4), np.uint8)
    rgba[2, 2, 3] = 255
    rgba[2, 3, 3] = 51
    grey = to_grey(rgba)
    assert grey[2].tolist() == pytest.approx([1, 1, 0, 0.8, 1])


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_the_transparent_colour_of_a_palette_is_ground(file_format):
    values = np.ones((9, 9), np.uint8)
    values[2:7, 4] = 0
    image = Image.frombytes("P", (9, 9), values.tobytes())
    image.putpalette([10, 10, 10, 0, 0, 0])
    grey = to_grey(open_picture(saved(image, file_format, transparency=1)))
    np.testing.assert_allclose(grey, np.where(values, 1, 10 / 255), atol=1e-6)


def test_a_picture_that_is_transparent_all_over_is_even():
    assert np.ptp(to_grey(Image.new("RGBA", (8, 8), (9, 99, 9, 0)))) == 0


# Colour


def test_a_colour_is_as_bright_as_it_appears():
    blue_on_white = np.full((9, 9, 3), 255, np.uint8)
    blue_on_white[3:6, 3:6] = (0, 0, 200)
    assert to_grey(blue_on_white)[4, 4] == pytest.approx(0.114 * 200 / 255)


def test_ink_of_another_colour_is_seen_though_it_is_as_bright_as_the_ground():
    picture = np.full((15, 15, 3), 76, np.uint8)
    picture[4:11, 6:9] = (255, 0, 0)
    assert np.ptp(np.asarray(Image.fromarray(picture).convert("L"))) == 0
    grey = to_grey(picture)
    assert abs(grey[7, 7] - grey[0, 0]) > 0.25


# Arrays


@pytest.mark.parametrize(
    ("dtype", "white"),
    [
        (bool, True),
        (np.uint8, 255),
        (np.uint16, 65535),
        (np.float16, 1),
        (np.float32, 1),
        (float, 1),
    ],
)
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_arrays_of_every_dtype_and_shape_are_scaled_to_1(dtype, white, channels):
    array = np.full((4, 5, *channels), white, dtype)
    array[:3, :, ...] = 0
    if channels == (4,):
        array[..., 3] = white
    grey = to_grey(array)
    assert grey.dtype == np.float32
    expected = np.repeat([[0], [0], [0], [1]], 5, axis=1)
    np.testing.assert_allclose(grey, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(4), r"expected an array of \(h, w\), .* found \(4,\)"),
        (np.zeros((4, 4, 1)), r"found \(4, 4, 1\)"),
        (np.zeros((4, 4, 2)), r"found \(4, 4, 2\)"),
        (np.zeros((2, 4, 4, 3)), r"found \(2, 4, 4, 3\)"),
        (np.zeros((0, 4)), r"found \(0, 4\)"),
        (np.zeros((4, 4), int), "found int64 in"),
        (np.full((4, 4), 255.0), r"found float64 in \[255.0, 255.0\]"),
        (np.full((4, 4), -0.1), "found float64 in"),
        (np.full((4, 4), np.nan), "found float64 in"),
        (np.zeros((4, 4), complex), "found complex128 in"),
    ],
)
def test_arrays_that_are_no_picture_are_refused(array, message):
    with pytest.raises(BadPictureError, match=message) as error:
        to_grey(array)
    assert error.value.code == "not_a_picture"


def test_an_array_of_words_is_refused():
    with pytest.raises(BadPictureError):
        to_grey(np.array([["a", "b"]]))


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "LA"])
def test_a_picture_without_pixels_is_refused(mode):
    with pytest.raises(BadPictureError):
        to_grey(Image.new(mode, (0, 5)))


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_a_picture_of_many_bits_without_pixels_is_refused(mode):
    with pytest.raises(BadPictureError):
        to_grey(Image.new(mode, (0, 5)))


def test_the_given_array_stays_as_it_is():
    array = np.random.default_rng(0).random((6, 6, 4), np.float32)
    before = array.copy()
    to_grey(array)
    np.testing.assert_array_equal(array, before)


# Files


def png_header(width, height):
    """A PNG that says how large it is, and holds nothing."""

    def chunk(kind, content):
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    shape = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", shape), chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8))
BAD_FILES = {
    "text": (b"no picture at all", "not_a_picture", "no picture in a known format"),
    "empty": (b"", "not_a_picture", "no picture in a known format"),
    "without pixels": (png_header(0, 5), "not_a_picture", "no picture in a known format"),
    "half a PNG": (saved(NOISE, "PNG")[:4000], "damaged", "the picture is damaged ("),
    "half a JPEG": (saved(NOISE, "JPEG")[:1500], "damaged", "the picture is damaged ("),
    "half a TIFF": (saved(NOISE, "TIFF")[:4000], "damaged", "the picture is damaged ("),
    "half a BMP": (saved(NOISE, "BMP")[:4000], "damaged", "the picture is damaged ("),
    "too large": (png_header(8000, 8000), "too_large", "8,000x8,000 pixels; at most 50,000,000"),
}


def refusal(source, name=None):
    """The error, after a look at what every one of them must be."""
    with pytest.raises(BadPictureError) as error:
        to_grey(open_picture(source, name))
    assert len(error.value.message.splitlines()) == 1
    return error.value


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused_by_name_and_with_a_code(tmp_path, kind):
    content, code, message = BAD_FILES[kind]
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    for source, name in ((path, str(path)), (str(path), str(path)), (content, "the picture")):
        error = refusal(source)
        assert error.code == code
        assert error.message.startswith(f"{name}: {message}") or message in error.message
        assert error.message.startswith(f"{name}: ")


def test_a_decompression_bomb_is_too_large():
    error = refusal(png_header(30_000, 30_000), "bomb.png")
    assert error.code == "too_large"
    assert error.message.startswith("bomb.png: far more than the 50,000,000 pixels")


def test_a_large_picture_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("it was decoded"))
    assert refusal(png_header(8000, 8000)).code == "too_large"


def test_a_file_that_is_not_there_and_a_folder_are_not_found(tmp_path):
    missing = refusal(tmp_path / "none.png")
    assert (missing.code, missing.message) == (
        "not_found", f"{tmp_path / 'none.png'}: No such file or directory."
    )  # fmt: skip
    folder = refusal(tmp_path)
    assert (folder.code, folder.message) == ("not_found", f"{tmp_path}: Is a directory.")


def test_bytes_are_called_what_the_caller_calls_them():
    assert refusal(b"text", "upload.png").message.startswith("upload.png: this is no picture")


@pytest.mark.filterwarnings("ignore:::PIL")
def test_damaged_files_raise_nothing_but_what_is_documented():
    """Three hundred files with a few bytes changed, some cut short."""
    rng = np.random.default_rng(0)
    image = NOISE.resize((12, 12))
    refused = 0
    for file_format in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"):
        whole = saved(image, file_format)
        for _ in range(50):
            content = bytearray(whole)
            for at in rng.integers(0, len(content), 3):
                content[at] = rng.integers(256)
            try:
                to_grey(open_picture(bytes(content[: rng.integers(20, 2 * len(content))])))
            except BadPictureError:
                refused += 1
    assert 100 < refused < 300


def test_of_an_animated_gif_the_first_frame_is_read(tmp_path):
    frames = [Image.new("L", (6, 6), value) for value in (0, 255)]
    frames[0].putpixel((2, 3), 255)
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "two.gif") as image:
        assert image.n_frames == 2
    with open_picture(tmp_path / "two.gif") as image:
        grey = to_grey(image)
    assert np.argwhere(grey == 1).tolist() == [[3, 2]]
    assert grey.sum() == 1
