"""From any grey picture to MNIST's form: what must not change, and what must go."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.morphology import skeletonize

from mnist_pipeline.datasets import IDXDataset
from mnist_pipeline.reading import sheet
from mnist_pipeline.reading.ink import is_dark_on_light
from mnist_pipeline.reading.pictures import to_grey
from mnist_pipeline.reading.preparation import (
    even_strokes,
    fit_like_mnist,
    is_mnist_like,
    prepare_image,
    prepare_many,
)
from tests.own_digits.draw import flat, ink, inked, placed, ruled_paper
from tests.own_digits.strokes import DIGITS, write
from tests.reading.conftest import as_uint8, drawn

LABELS = pytest.mark.parametrize("label", range(10))
HANDS = st.tuples(st.integers(0, 9), st.integers(0, 10_000))
QUICK = settings(max_examples=40, deadline=None, derandomize=True)


def difference(one, other):
    """Mean absolute difference of two 28x28 pictures in grey levels, at the best fit.

    MNIST's centre of mass is moved by whole pixels, so a hair's breadth decides which one; pictures
    are compared where they lie best, one pixel around.
    """
    moved = (
        np.roll(other.astype(float), (down, right), axis=(0, 1))
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    )
    return min(float(np.abs(one - some).mean()) for some in moved)


def mean_difference(pairs):
    """Over several digits: of one, a whole column may come or go as its box is rounded."""
    return np.mean([difference(one, other) for one, other in pairs])


SAME = 4.5
"""Grey levels of `difference` within which two pictures are the same digit of the same hand: edges
may be a quarter of a pixel off. Two hands that write the same digit differ by 10 and more."""


def found_in(grey):
    found = prepare_image(grey)
    assert found is not None
    assert found.image.shape == (28, 28)
    assert found.image.dtype == np.uint8
    return found


def image_of(grey):
    return found_in(grey).image


def ink_box(grey):
    """Of dark ink on white."""
    rows, columns = np.nonzero(grey < 0.9)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def extent(image):
    rows, columns = np.nonzero(image)
    return max(np.ptp(rows), np.ptp(columns)) + 1


def centre(image):
    at = np.arange(28)
    mass = image.sum(dtype=float)
    return image.sum(axis=1) @ at / mass, image.sum(axis=0) @ at / mass


def test_the_measure_of_these_tests_tells_hands_apart():
    hands = [image_of(drawn(3, seed)) for seed in range(6)]
    assert min(difference(a, b) for k, a in enumerate(hands) for b in hands[:k]) > 2 * SAME


# MNIST's form


def test_a_digit_of_mnists_form_comes_back_unchanged():
    for label in range(10):
        once = image_of(drawn(label))
        assert is_mnist_like(once / np.float32(255))
        np.testing.assert_array_equal(image_of(to_grey(once)), once)


@pytest.mark.mnist
def test_nearly_all_digits_of_mnist_come_back_unchanged(mnist_dir):
    """Five of the 10,000 are 19 pixels long or touch the rim."""
    images = IDXDataset(filepath=str(mnist_dir / "t10k-images-idx3-ubyte.gz")).load()
    unchanged = [np.array_equal(image_of(to_grey(image)), image) for image in images]
    assert sum(unchanged) >= 9995


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: 255 - image,  # dark on light
        lambda image: np.roll(image, 3, axis=1),  # off the centre
        lambda image: image[:27],
        np.zeros_like,
        lambda image: np.pad(image[4:-4, 4:-4], 4, constant_values=90),  # grey ground
        lambda image: cv2.resize(image[4:24, 4:24], (28, 28)),  # too long
    ],
)
def test_what_is_not_of_mnists_form_is_not_taken_for_it(changed):
    image = image_of(drawn(8))
    assert not is_mnist_like(changed(image) / np.float32(255))


def test_its_box_is_that_of_its_ink():
    image = image_of(drawn(7))
    rows, columns = np.nonzero(image)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert prepare_image(image / np.float32(255)).box == box


@QUICK
@given(HANDS, st.floats(4, 12), st.integers(30, 80))
def test_every_digit_is_20_pixels_long_and_has_its_centre_of_mass_in_the_middle(hand, pen, length):
    image = image_of(drawn(*hand, width_px=pen, length_px=length))
    assert extent(image) == 20
    assert centre(image) == pytest.approx((14, 14), abs=0.51)  # by whole pixels, and rounded greys
    assert image.max() > 200


@QUICK
@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 60), st.integers(1, 60)),
                  elements=st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0])))  # fmt: skip
def test_any_ink_is_fitted_into_the_box(ink):
    image = fit_like_mnist(ink)
    assert image.any() == (ink > 0.05).any()
    assert extent(image) <= 20 if image.any() else True


def test_area_averaging_keeps_the_mass_of_ink():
    """Halved, four pixels become one: the quarter of the mass, to the rounding of greys."""
    ink = np.zeros((40, 30), np.float32)
    ink[:, 4:11] = 1
    ink[33:, 4:] = 0.5
    image = fit_like_mnist(ink)
    assert image.sum() / 255 == pytest.approx(ink.sum() / 4, rel=0.01)


# Polarity, size, place


@LABELS
def test_light_on_dark_is_the_same_digit_as_dark_on_light(label):
    grey = drawn(label)
    np.testing.assert_array_equal(image_of(grey), image_of(1 - grey))
    assert is_dark_on_light(grey)
    assert not is_dark_on_light(1 - grey)


@LABELS
@pytest.mark.parametrize(("ink", "paper"), [(0.4, 0.6), (0.6, 0.4), (0.1, 0.3), (0.7, 0.9)])
def test_faint_ink_is_as_black_as_any(label, ink, paper):
    grey = drawn(label)
    faint = (ink + (paper - ink) * grey).astype(np.float32)
    assert difference(image_of(faint), image_of(grey)) < SAME


@pytest.mark.parametrize("label", [0, 3, 5, 6])
@pytest.mark.parametrize("factor", [2, 5, 10])
def test_an_enlarged_digit_is_the_same_digit(label, factor):
    grey = drawn(label)
    pixels = np.kron(grey, np.ones((factor, factor), np.float32)).astype(np.float32)
    pairs = np.stack([image_of(pixels), image_of(grey)]).astype(int)
    assert np.abs(np.diff(pairs, axis=0)).max() <= 1  # greys are rounded
    smooth = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    assert difference(image_of(np.clip(smooth, 0, 1)), image_of(grey)) < SAME


@pytest.mark.parametrize("times", [4, 15])
def test_digits_drawn_larger_with_a_larger_pen_are_the_same_digits(times):
    """The second ones are larger than what is worked on."""

    def of_size(label, times):
        rng = np.random.default_rng(label)
        lines = [60 * times * stroke + 20 * times for stroke in write(DIGITS[label], rng)]
        cover = ink(lines, 6.0 * times, (100 * times, 100 * times), scale=4 if times == 1 else 1)
        return image_of((1 - cover).astype(np.float32))

    assert mean_difference((of_size(k, times), of_size(k, 1)) for k in range(10)) < SAME


@LABELS
@pytest.mark.parametrize("pad", [((0, 300), (0, 0)), ((40, 5), (200, 0)), ((150, 150), (150, 150))])
def test_a_digit_elsewhere_on_the_page_is_the_same_digit(label, pad):
    grey = drawn(label)
    here, there = found_in(grey), found_in(np.pad(grey, pad, constant_values=1))
    assert mean_difference([(there.image, here.image)]) < 1
    moved = np.array(there.box) - here.box
    expected = (pad[1][0], pad[0][0])
    assert moved.tolist() == pytest.approx([*expected, *expected], abs=1)


# Strokes


def stroke_px(image):
    """How wide strokes are: their mass by the length of their middle line."""
    return image.sum() / 255 / skeletonize(image > 127).sum()


@pytest.mark.parametrize("width", [1, 3, 10, 30, 60])
def test_hairlines_come_near_the_strokes_of_mnist_and_pens_stay(width):
    """Left alone the thinnest would be 0.07 pixels wide."""
    alone = 20 * width / (300 + width)
    for label in (0, 2, 7):
        image = image_of(drawn(label, side_px=500, length_px=300, width_px=width, scale=2))
        assert stroke_px(image) == pytest.approx(max(alone, 1.7), rel=0.25)


@pytest.mark.parametrize("label", [0, 2, 7])
def test_markers_are_thinned(label):
    grey = drawn(label, side_px=500, length_px=280, width_px=150, scale=2)
    assert stroke_px(image_of(grey)) < 0.85 * stroke_px(fit_like_mnist(1 - grey))


def test_a_hairline_and_a_pen_write_the_same_digits():
    pairs = (
        [image_of(drawn(k, side_px=400, length_px=300, width_px=w)) for w in (1.5, 28.0)]
        for k in range(10)
    )
    assert mean_difference(pairs) < 2 * SAME  # the pen is a tenth of a pixel wider


def test_strokes_of_the_usual_width_are_left_as_they_are():
    ink = 1 - drawn(2)
    assert even_strokes(ink) is ink


def test_a_blot_is_not_thinned_to_nothing():
    y, x = np.mgrid[:200, :200]
    blot = (np.hypot(x - 100, y - 100) > 80).astype(np.float32)
    assert image_of(blot).sum() > 255 * 20


# Paper and light


def on_paper(label, ground, length_px=110):
    """A pencilled digit on a ground, and the box of its ink."""
    size = ground.shape[1], ground.shape[0]
    rng = np.random.default_rng(label)
    lines = placed(write(DIGITS[label], rng), length_px, size, 40, rng)
    cover = ink(lines, 7.0, size)
    grey = to_grey(as_uint8(inked(ground, (60, 60, 60), cover) / 255))
    return grey, ink_box(1 - cover)


@pytest.mark.parametrize("squared", [False, True])
def test_the_lines_of_ruled_and_squared_paper_disappear(squared):
    pairs = []
    for label in range(10):
        ground = ruled_paper((320, 300), 30.0, squared, np.random.default_rng(label))
        ruled, box = on_paper(label, ground)
        plain, _ = on_paper(label, flat((320, 300), (246, 246, 244)))
        found = found_in(ruled)
        assert found.box == pytest.approx(box, abs=4)
        pairs.append((found.image, image_of(plain)))
    assert mean_difference(pairs) < SAME


@pytest.mark.parametrize("softness_px", [1.0, 30.0])
def test_the_edge_of_a_shadow_leaves_no_ink(softness_px):
    pairs = []
    for label in range(10):
        lit, box = on_paper(label, flat((320, 300), (240, 240, 240)))
        x = np.arange(320) + 0.4 * np.arange(300)[:, np.newaxis]
        light = 1 - 0.4 / (1 + np.exp(-np.clip((x - 200) / softness_px, -50, 50)))
        shaded = (lit * light).astype(np.float32)
        found = found_in(shaded)
        assert found.box == pytest.approx(box, abs=4)
        pairs.append((found.image, image_of(lit)))
    assert mean_difference(pairs) < SAME / 2


@LABELS
def test_specks_are_dropped(label):
    grey = np.pad(drawn(label), 60, constant_values=1)
    specked = grey.copy()
    for top, left in np.random.default_rng(label).integers(5, 210, (8, 2)):
        if (grey[top - 4 : top + 6, left - 4 : left + 6] == 1).all():
            specked[top : top + 2, left : left + 2] = 0.1
    assert (specked != grey).sum() >= 16
    np.testing.assert_array_equal(image_of(specked), image_of(grey))


def test_a_mark_far_from_the_digit_does_not_belong_to_it():
    grey = np.pad(drawn(0), 150, constant_values=1)
    marked = grey.copy()
    marked[10:40, 10:18] = 0
    np.testing.assert_array_equal(image_of(marked), image_of(grey))


@pytest.mark.parametrize("gap_px", [4, 12])
def test_the_bar_of_a_five_belongs_to_it_though_it_hangs_in_the_air(gap_px):
    page = np.ones((140, 120), np.float32)
    cv2.ellipse(page, (55, 85), (25, 28), 0, -90, 150, 0, 7)
    cv2.line(page, (55, 57), (40, 57), 0, 7)
    without = prepare_image(page).box
    cv2.line(page, (38, 50 - gap_px), (80, 50 - gap_px), 0, 7)
    left, top, right, bottom = prepare_image(page).box
    assert top == without[1] - gap_px - 7
    assert (right, bottom) == (max(without[2], 84), without[3])
    assert left <= 40


def test_the_table_beside_the_paper_is_not_the_digit():
    page, box = on_paper(4, flat((320, 300), (240, 240, 240)))
    page[:, :25] = 0.3
    assert prepare_image(page).box == pytest.approx(box, abs=4)


# Pictures without a digit


def slope(low):
    return np.tile(np.linspace(low, 1, 100, dtype=np.float32), (100, 1))


@pytest.mark.parametrize("prepare", [prepare_image, prepare_many])
@pytest.mark.parametrize(
    "grey",
    [
        pytest.param(np.ones((100, 100), np.float32), id="white"),
        pytest.param(np.ones((28, 28), np.float32), id="small white"),
        pytest.param(to_grey(np.zeros((100, 100, 4), np.uint8)), id="transparent"),
        pytest.param(np.zeros((100, 100), np.float32), id="black"),
        pytest.param(np.zeros((28, 28), np.float32), id="small black"),
        pytest.param(np.full((100, 150), 0.5, np.float32), id="grey"),
        pytest.param(np.full((150, 100), 0.96, np.float32), id="paper"),
        pytest.param(slope(0.9), id="gradient"),
        pytest.param(slope(0.6), id="steep gradient"),
        pytest.param(slope(0.9).T.copy(), id="gradient downwards"),
    ],
)
def test_in_a_blank_picture_there_is_no_ink(grey, prepare):
    assert not prepare(grey)


def test_in_a_large_white_page_under_uneven_light_there_is_no_ink():
    page = np.tile(np.linspace(0.95, 1, 640, dtype=np.float32), (480, 1))
    assert prepare_image(page) is None


@pytest.mark.parametrize(("shape", "low"), [((480, 640), 0.9), ((150, 200), 0.7)])
def test_in_an_empty_page_under_falling_light_there_is_no_ink(shape, low):
    light = low + (1 - low) * np.mgrid[: shape[0], : shape[1]][1] / shape[1]
    assert prepare_image(light.astype(np.float32)) is None


# Anything

SIZES = [
    (1, 1),
    (1, 2),
    (1, 40),
    (40, 1),
    (2, 2),
    (3, 500),
    (500, 3),
    (1, 3000),
    (3000, 2),
    (28, 28),
]


@pytest.mark.parametrize("shape", SIZES)
def test_pictures_of_any_size_are_prepared_or_are_empty(shape):
    rng = np.random.default_rng(0)
    for grey in (rng.random(shape), rng.random(shape) > 0.9, np.eye(*shape), np.zeros(shape)):
        for found in (
            prepare_image(grey.astype(np.float32)),
            *prepare_many(grey.astype(np.float32)),
        ):
            assert found is None or (found.image.shape == (28, 28) and found.image.any())


GREYS = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1, width=32))


@QUICK
@given(hnp.arrays(np.float32, st.tuples(*2 * [st.integers(1, 30)]), elements=GREYS))
def test_nothing_is_raised_on_any_picture_and_every_box_is_in_it(grey):
    before = grey.copy()
    for found in (prepare_image(grey), *prepare_many(grey)):
        if found is not None:
            left, top, right, bottom = found.box
            assert 0 <= left < right <= grey.shape[1]
            assert 0 <= top < bottom <= grey.shape[0]
            assert found.image.any()
    np.testing.assert_array_equal(grey, before)


@pytest.mark.parametrize("shape", [(3, 5000), (5000, 3)])
def test_the_box_in_a_very_long_picture_lies_in_it(shape):
    grey = np.ones(shape, np.float32)
    grey[1:, 1:][..., shape[1] // 3 : shape[1] // 2] = 0
    grey[shape[0] // 3 : shape[0] // 2] = 0
    _, _, right, bottom = prepare_image(grey).box
    assert right <= shape[1]
    assert bottom <= shape[0]


# Several digits

PLACES = [(20, 30, 3), (140, 20, 1), (260, 40, 4), (30, 170, 5), (150, 160, 9)]
"""Left, top, label; two lines that are not quite straight."""


def page_of_digits(times=1):
    page = np.ones((300, 400), np.float32)
    boxes = []
    for left, top, label in PLACES:
        digit = drawn(label, side_px=110, length_px=70)
        page[top : top + 110, left : left + 110] = np.minimum(
            page[top : top + 110, left : left + 110], digit
        )
        x0, y0, x1, y1 = ink_box(digit)
        boxes.append((x0 + left, y0 + top, x1 + left, y1 + top))
    return np.kron(page, np.ones((times, times), np.float32)), np.array(boxes) * times


@pytest.mark.parametrize("times", [1, 5])
def test_digits_come_line_by_line_with_their_boxes_in_the_picture_that_was_given(times):
    page, boxes = page_of_digits(times)  # the larger one is twice what is worked on
    found = prepare_many(page)
    assert len(found) == len(boxes)
    for digit, box in zip(found, boxes, strict=True):
        assert digit.box == pytest.approx(box, abs=2 * times)


def test_each_digit_of_several_is_the_same_as_alone():
    page, boxes = page_of_digits()
    for digit, (left, top, right, bottom) in zip(prepare_many(page), boxes, strict=True):
        alone = np.pad(page[top:bottom, left:right], 20, constant_values=1)
        assert difference(digit.image, image_of(alone)) < SAME


def test_one_digit_is_found_once_and_like_before():
    grey = drawn(6)
    (found,) = prepare_many(grey)
    np.testing.assert_array_equal(found.image, image_of(grey))


def test_dots_and_commas_between_digits_are_no_digits():
    page, boxes = page_of_digits()
    page[120:126, 130:136] = 0
    assert len(prepare_many(page)) == len(boxes)


# What is round the digit


def on_page(drawing):
    """A 4 of about 120 pixels in the middle of a page, and what `drawing` adds to it."""
    page = np.ones((300, 300), np.float32)
    digit = cv2.resize(np.float32(drawn(4)), (120, 120), interpolation=cv2.INTER_AREA)
    page[90:210, 90:210] = digit
    drawing(page)
    return page


def alone():
    return image_of(on_page(lambda page: None))


@pytest.mark.parametrize(
    "drawing",
    [
        lambda page: cv2.circle(page, (150, 150), 110, 0.0, 4),
        lambda page: cv2.rectangle(page, (60, 50), (240, 250), 0.0, 4),
        lambda page: cv2.line(page, (80, 235), (220, 235), 0.0, 5),
        lambda page: cv2.circle(page, (-10, 150), 40, 0.0, 12),
    ],
    ids=["a circle", "a frame", "an underline", "a neighbour that is cut off"],
)
def test_what_is_drawn_round_a_digit_does_not_belong_to_it(drawing):
    assert mean_difference([(image_of(on_page(drawing)), alone())]) < SAME


def test_a_sheet_on_a_table_is_found_and_the_box_is_that_in_the_photo():
    photo = np.full((500, 700), 0.25, np.float32)
    photo[120:420, 250:550] = 0.9 * on_page(lambda page: None)
    found = found_in(photo)
    assert mean_difference([(found.image, alone())]) < SAME
    left, top, right, bottom = found.box
    assert 330 < left < right < 470
    assert 200 < top < bottom < 340


@pytest.mark.parametrize("shape", [(3, 90), (90, 7)])
def test_a_sheet_of_few_pixels_is_looked_at_too(shape):
    blank = np.ones(shape, np.float32)
    drawn_on = blank.copy()
    drawn_on[shape[0] // 2 :, shape[1] // 2 :][:3, :3] = 0
    assert [sheet._is_drawn_on(one) for one in (blank, drawn_on)] == [False, True]


def test_grain_of_a_photo_in_bad_light_is_not_taken_for_ink():
    page = 0.3 * on_page(lambda page: None)
    noisy = page + np.random.default_rng(0).normal(0, 0.04, page.shape)
    dark = np.clip(noisy, 0, 1).astype(np.float32)
    assert mean_difference([(image_of(dark), alone())]) < 2 * SAME
