import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_pipeline.errors import BadFileError
from mnist_pipeline.idx import DTYPES, decode_idx, digest, encode_idx

# Two pictures of two rows and three columns, typed by hand.
IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, *range(12)])


def test_bytes_typed_by_hand_become_the_array_they_describe():
    expected = np.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]], np.uint8)
    decoded = decode_idx(IMAGES)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, expected)


def test_an_array_becomes_the_bytes_typed_by_hand():
    assert encode_idx(np.arange(12, dtype=np.uint8).reshape(2, 2, 3)) == IMAGES


@pytest.mark.parametrize(
    ("code", "value_bytes", "expected"),
    [
        (0x08, [255], 255),
        (0x09, [255], -1),
        (0x0B, [1, 2], 0x0102),
        (0x0C, [255, 255, 255, 254], -2),
        (0x0D, [0x3F, 0x80, 0, 0], 1.0),
        (0x0E, [0xC0, 0, 0, 0, 0, 0, 0, 0], -2.0),
    ],
)
def test_every_type_code_is_read_big_endian(code, value_bytes, expected):
    decoded = decode_idx(bytes([0, 0, code, 1, 0, 0, 0, 1, *value_bytes]))
    assert decoded.dtype == DTYPES[code].newbyteorder("=")
    assert decoded.tolist() == [expected]


@given(
    hnp.arrays(
        dtype=st.sampled_from([d.newbyteorder("=") for d in DTYPES.values()]),
        shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    )
)
def test_what_is_written_is_read_back_the_same(array):
    decoded = decode_idx(encode_idx(array))
    assert decoded.dtype == array.dtype
    np.testing.assert_array_equal(decoded, array)


def test_gzipped_bytes_are_recognised_by_their_content():
    np.testing.assert_array_equal(decode_idx(gzip.compress(IMAGES, mtime=0)), decode_idx(IMAGES))


@pytest.mark.parametrize(
    ("content", "expected", "found"),
    [
        (b"", "at least 4 bytes", "found 0 bytes"),
        (b"\x89PNG" + IMAGES, "magic number", "found 89 50 4e 47"),
        (bytes([0, 0, 7, 1, 0, 0, 0, 0]), "0x0d (float32)", "unknown IDX type code 0x07"),
        (IMAGES[:10], "header of 16 bytes for 3 dimensions", "found 10 bytes"),
        (IMAGES[:-1], "expected 12 bytes", "found 11. The file is truncated"),
        (IMAGES + b"!", "expected 12 bytes", "found 13. The file has trailing bytes"),
        (gzip.compress(IMAGES, mtime=0)[:-9], "gzip", "damaged or cut short"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_what_was_expected_and_what_was_found(
    content, expected, found
):
    with pytest.raises(BadFileError) as error:
        decode_idx(content, "digits.idx")
    assert str(error.value).startswith("digits.idx: ")
    assert expected in str(error.value)
    assert found in str(error.value)


def test_a_type_that_idx_cannot_hold_is_refused():
    with pytest.raises(ValueError, match=r"cannot hold int64; it holds uint8, int8"):
        encode_idx(np.zeros(3, np.int64))


def test_the_digest_is_that_of_the_file():
    # sha256 of the bytes typed above, by the command sha256sum
    assert digest(decode_idx(IMAGES)) == (
        "0d74d0b1c1c92474525312c377f3e5fbc23dc7db68d5ac54b97882cde5d13581"
    )
