"""Every distortion: a picture with a known answer, its strength, its seed, its limits."""

import numpy as np
import pytest

from mnist_pipeline.corruptions import CORRUPTIONS, MNIST_C, N_MNIST
from mnist_pipeline.distortion import DISTORTIONS, MOVES, distort
from mnist_pipeline.errors import UserError
from mnist_pipeline.parameters import check_parameters
from tests.conftest import load_parameters

N = 400
CENTRE = 13.5

STILL = {
    "rotation_degrees": 0.0, "shift_fraction": 0.0, "zoom_fraction": 0.0,
    "brightness_fraction": 0.0, "border": "constant",
}  # fmt: skip
MUD = {
    "mean": 0.5, "std": 0.1, "sigma_px": 0.01, "threshold": 0.5, "softness_px": 0.01, "grey": 0.25
}  # fmt: skip
SETTINGS = {
    "geometric": STILL | {"rotation_degrees": 30.0, "shift_fraction": 0.1},
    "rotate": {"degrees": 20.0},
    "shear": {"degrees": 20.0},
    "scale": {"factor": 0.7},
    "translate": {"shift_px": 3},
    "gaussian_noise": {"std": 0.2},
    "speckle_noise": {"std": 0.4},
    "poisson_noise": {"peak": 5.0},
    "salt_and_pepper": {"amount": 0.2},
    "gaussian_blur": {"sigma_px": 1.0},
    "motion_blur": {"radius_px": 5, "sigma_px": 2.0, "max_angle_degrees": 45.0},
    "linear_blur": {"length_px": 5.0, "angle_degrees": 15.0},
    "glass_blur": {"sigma_px": 0.7, "reach_px": 1, "passes": 1},
    "contrast": {"factor": 0.5},
    "brightness": {"added": 0.3},
    "fog": {"thickness": 3.0, "decay": 1.4},
    "occlusion": {"size_px": 9},
    "stripe": {"width_px": 7},
    "spatter": MUD,
    "dotted_line": {"dot_px": 2},
    "zigzag": {"length_px": 2.0, "height_px": 2.0},
    "canny_edges": {"sigma_px": 1.0},
}
"""Settings of every distortion that change a digit."""

WITHOUT_CHANCE = {
    "scale", "gaussian_blur", "linear_blur", "contrast", "brightness", "stripe", "canny_edges"
}  # fmt: skip

BAD = [
    ("geometric", {"rotation_degrees": -1.0}, "geometric.rotation_degrees = -1.0: input should be"),
    ("geometric", {"border": "mirror"}, "geometric.border = 'mirror': input should be 'wrap', 're"),
    ("geometric", {"zoom_fraction": 1.0}, "geometric.zoom_fraction = 1.0: input should be less th"),
    ("geometric", {"turn": 1.0}, "geometric.turn = 1.0: there is no such key; allowed here: rota"),
    ("geometric", {"shift_fractoin": 1}, "there is no such key; did you mean shift_fraction?"),
    ("rotate", {"degrees": "20"}, "rotate.degrees = '20': input should be a valid number"),
    ("shear", {"degrees": -20.0}, "shear.degrees = -20.0: input should be greater than or equal"),
    ("scale", {"factor": 0.0}, "scale.factor = 0.0: input should be greater than 0"),
    ("translate", {"shift_px": -3}, "translate.shift_px = -3: input should be greater than or"),
    ("gaussian_noise", {"std": -0.1}, "gaussian_noise.std = -0.1: input should be greater than"),
    ("speckle_noise", {"std": -0.1}, "speckle_noise.std = -0.1: input should be greater than or"),
    ("poisson_noise", {"peak": 0.0}, "poisson_noise.peak = 0.0: input should be greater than 0"),
    ("salt_and_pepper", {"amount": 1.1}, "salt_and_pepper.amount = 1.1: input should be less"),
    ("gaussian_blur", {"sigma_px": 0.0}, "gaussian_blur.sigma_px = 0.0: input should be greater"),
    ("motion_blur", {"radius_px": 0}, "motion_blur.radius_px = 0: input should be greater than"),
    ("linear_blur", {"length_px": 0.0}, "linear_blur.length_px = 0.0: input should be greater"),
    ("poisson_noise", {"peak": 1e20}, "poisson_noise.peak = 1e+20: input should be less than"),
    ("gaussian_noise", {"std": float("inf")}, "gaussian_noise.std = inf: input should be a finite"),
    ("spatter", {"mean": float("nan")}, "spatter.mean = nan: input should be a finite number"),
    ("glass_blur", {"reach_px": 20}, "glass_blur.reach_px = 20: input should be less than or eq"),
    ("glass_blur", {"passes": 1.5}, "glass_blur.passes = 1.5: input should be a valid integer"),
    ("contrast", {"factor": -1.0}, "contrast.factor = -1.0: input should be greater than or equ"),
    ("brightness", {"added": 1.5}, "brightness.added = 1.5: input should be less than or equal"),
    ("fog", {"thickness": 0.0}, "fog.thickness = 0.0: input should be greater than 0"),
    ("occlusion", {"size_px": 0}, "occlusion.size_px = 0: input should be greater than or equal"),
    ("stripe", {"width_px": 0}, "stripe.width_px = 0: input should be greater than or equal to"),
    ("spatter", {"grey": 2.0}, "spatter.grey = 2.0: input should be less than or equal to 1"),
    ("dotted_line", {"dot_px": 0}, "dotted_line.dot_px = 0: input should be greater than or equ"),
    ("zigzag", {"height_px": 0.0}, "zigzag.height_px = 0.0: input should be greater than 0"),
    ("canny_edges", {"sigma_px": -1.0}, "canny_edges.sigma_px = -1.0: input should be greater"),
]

EVERY = pytest.mark.parametrize("name", DISTORTIONS)


def apply(name, picture, n=N, seed=0, **settings):
    """Distort n copies of a picture, floats 0 to 1."""
    pictures = np.repeat(np.asarray(picture, np.float32)[np.newaxis], n, axis=0)
    return distort(pictures, [{name: settings}], seed=seed)


def blank(grey=0.0):
    return np.full((28, 28), grey, np.float32)


def with_box(top, bottom, left, right):
    picture = blank()
    picture[top:bottom, left:right] = 1
    return picture


def columns_of_ink(picture):
    """The mean column of the ink in every row that has some, and the rows."""
    rows = np.flatnonzero(picture.sum(axis=1) > 0.1)
    columns = np.arange(28)
    return rows, (picture[rows] * columns).sum(axis=1) / picture[rows].sum(axis=1)


# All of them


def test_every_distortion_is_tested_here():
    assert set(SETTINGS) == set(DISTORTIONS) == {name for name, _, _ in BAD}


@EVERY
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_type_and_shape_stay_and_the_given_digits_too(bundled, name, dtype):
    images = bundled.images[:20] if dtype == np.uint8 else (bundled.images[:20] / 255).astype(dtype)
    images = images[..., np.newaxis]
    before = images.copy()
    distorted = distort(images, [{name: SETTINGS[name]}], seed=1)
    assert distorted.shape == (20, 28, 28, 1)
    assert distorted.dtype == dtype
    assert distorted.min() >= 0
    assert distorted.max() <= (255 if dtype == np.uint8 else 1)
    assert not np.array_equal(distorted, images)
    np.testing.assert_array_equal(images, before)


@EVERY
def test_the_same_seed_gives_the_same_digits_and_another_seed_others(bundled, name):
    images = bundled.images[:20]
    one, again, other = (distort(images, [{name: SETTINGS[name]}], seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.array_equal(one, other) == (name in WITHOUT_CHANCE)


@EVERY
def test_digits_are_distorted_each_in_its_own_way(name):
    if name in WITHOUT_CHANCE:
        return
    distorted = apply(name, with_box(6, 22, 10, 16), n=30, **SETTINGS[name])
    assert len(np.unique(distorted.reshape(30, -1), axis=0)) > 1


@pytest.mark.parametrize(("name", "bad", "message"), BAD)
def test_bad_parameters_are_refused_by_name(name, bad, message):
    parameters = load_parameters() | {"distortion": [{name: SETTINGS[name] | bad}]}
    with pytest.raises(UserError) as error:
        check_parameters(parameters)
    assert message in str(error.value)


@EVERY
def test_a_forgotten_setting_is_named(name):
    forgotten = next(iter(SETTINGS[name]))
    rest = {key: value for key, value in SETTINGS[name].items() if key != forgotten}
    parameters = load_parameters() | {"distortion": [{name: rest}]}
    with pytest.raises(UserError, match=rf"distortion\.0\.{name}\.{forgotten} is missing"):
        check_parameters(parameters)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ([], "distortion = []: list should have at least 1 item"),
        (["fogg"], "distortion.0 = 'fogg': there is no such published corruption; did you mean f"),
        (["xyz"], "there is no such published corruption; allowed here: shot_noise, impulse_noise"),
        (["gaussian_noise"], "write its settings with it: gaussian_noise: {std: ...}."),
        ([{"frog": {}}], "distortion.0.frog = {}: there is no such key; did you mean fog?"),
        ([{}], "distortion.0: a step is one distortion with its settings"),
        ([{k: SETTINGS[k] for k in ("fog", "rotate")}], "each needs a '-' of its own"),
        ({"fog": {}}, "distortion = {'fog': {}}: input should be a valid list"),
        ([{"rotate": 5}], "distortion.0.rotate = 5: input should be {setting: value, ...}"),
    ],
)
def test_a_chain_that_cannot_be_meant_is_refused(chain, message):
    with pytest.raises(UserError) as error:
        check_parameters(load_parameters() | {"distortion": chain})
    assert message in str(error.value)


def test_a_chain_is_applied_in_its_order(bundled):
    images = bundled.images[:5]
    one_way = distort(images, [{"brightness": {"added": 0.5}}, {"contrast": {"factor": 0}}], seed=0)
    other_way = distort(
        images, [{"contrast": {"factor": 0}}, {"brightness": {"added": 0.5}}], seed=0
    )
    assert one_way.max() <= 255 * (images.mean(axis=(1, 2)) / 255 + 0.5).max() + 1
    assert (one_way < other_way).all()  # what became white before the mean was taken is cut off


def test_two_steps_of_a_chain_do_not_share_their_chance():
    noise = {"gaussian_noise": {"std": 0.05}}
    twice = distort(np.full((50, 28, 28), 0.5, np.float32), [noise, noise], seed=0)
    assert twice.std() == pytest.approx(0.05 * np.sqrt(2), rel=0.03)  # twice the same: 0.1


def test_more_digits_than_are_distorted_at_a_time_are_all_distorted_differently():
    noisy = apply("gaussian_noise", blank(0.5), n=2100, std=0.1)
    assert len(np.unique(noisy[:, 0, 0])) > 2000


def test_moves_only_moves_as_the_whole_chain_does_and_adds_no_noise():
    chain = [{"gaussian_noise": {"std": 0.1}}, {"translate": {"shift_px": 4}}]
    pictures = np.repeat(with_box(10, 18, 10, 18)[np.newaxis], 30, axis=0)
    moved = distort(pictures, chain, seed=3, moves_only=True)
    noisy = distort(pictures, chain, seed=3)
    assert set(np.unique(moved)) == {0, 1}
    np.testing.assert_array_equal(noisy > 0.5, moved == 1)


@EVERY
def test_what_moves_leaves_an_even_grey_even_and_all_else_does_not(name):
    """Blur leaves it even too, and lines and stripes run beside the middle."""
    also_even = {"stripe", "zigzag", "dotted_line", "glass_blur", "occlusion"}
    also_even |= {"gaussian_blur", "motion_blur", "linear_blur", "contrast"}
    middle = apply(name, blank(0.5), n=20, **SETTINGS[name])[:, 13:15, 13:15]
    even = np.allclose(middle, 0.5, atol=1e-6)
    if name in MOVES:
        assert even
    elif name not in also_even:
        assert not even


def test_moves_only_leaves_grey_values_alone():
    settings = STILL | {"brightness_fraction": 0.5, "shift_fraction": 0.1, "border": "nearest"}
    pictures = np.full((30, 28, 28), 0.5, np.float32)
    moved = distort(pictures, [{"geometric": settings}], seed=0, moves_only=True)
    np.testing.assert_allclose(moved, 0.5, atol=1e-6)
    assert distort(pictures, [{"geometric": settings}], seed=0).std() > 0.1


# Movements


def test_geometric_without_strength_changes_nothing(bundled):
    images = bundled.images[:10]
    np.testing.assert_array_equal(distort(images, [{"geometric": STILL}], seed=0), images)


def test_geometric_turns_by_angles_evenly_spread_up_to_the_one_asked_for():
    bar = with_box(2, 26, 13, 15)
    turned = apply("geometric", bar, **STILL | {"rotation_degrees": 40.0})
    slopes = [np.polyfit(*columns_of_ink(picture), 1)[0] for picture in turned]
    angles = np.degrees(np.arctan(slopes))
    assert np.abs(angles).max() == pytest.approx(40, abs=2)
    assert angles.std() == pytest.approx(40 / np.sqrt(3), rel=0.1)


def test_geometric_shifts_by_a_fraction_of_the_picture():
    moved = apply("geometric", with_box(12, 16, 12, 16), **STILL | {"shift_fraction": 0.25})
    rows = (moved.sum(axis=2) @ np.arange(28)) / moved.sum(axis=(1, 2))
    columns = (moved.sum(axis=1) @ np.arange(28)) / moved.sum(axis=(1, 2))
    for middle in (rows, columns):
        assert np.abs(middle - CENTRE).max() == pytest.approx(7, abs=0.2)
        assert (middle - CENTRE).std() == pytest.approx(7 / np.sqrt(3), rel=0.1)


def test_geometric_zooms_height_and_width_by_themselves():
    zoomed = apply("geometric", with_box(9, 19, 9, 19), **STILL | {"zoom_fraction": 0.4})
    heights, widths = zoomed.max(axis=2).sum(axis=1), zoomed.max(axis=1).sum(axis=1)
    assert heights.min() == pytest.approx(6, abs=0.5)
    assert heights.max() == pytest.approx(14, abs=0.5)
    assert abs(np.corrcoef(heights, widths)[0, 1]) < 0.15


def test_geometric_brightens_by_a_factor():
    bright = apply("geometric", blank(0.5), **STILL | {"brightness_fraction": 0.5})[:, 14, 14]
    assert bright.min() == pytest.approx(0.25, abs=0.01)
    assert bright.max() == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    ("border", "ink_stays"), [("wrap", True), ("constant", False), ("reflect", False)]
)
def test_what_leaves_at_a_border_comes_in_at_the_other_if_it_wraps(border, ink_stays):
    picture = with_box(12, 16, 0, 8)
    settings = STILL | {"shift_fraction": 0.3, "border": border}
    ink = apply("geometric", picture, **settings).sum(axis=(1, 2))
    assert np.allclose(ink, 32, rtol=1e-3) == ink_stays


def test_the_last_pixel_goes_on_beyond_the_border_that_is_nearest():
    picture = with_box(0, 28, 0, 2)
    settings = STILL | {"shift_fraction": 0.3, "border": "nearest"}
    ink = apply("geometric", picture, **settings)
    np.testing.assert_allclose(ink[:, :, 0].min(axis=1) > 0, ink.sum(axis=(1, 2)) > 0)
    assert ink[:, 14].sum(axis=1).max() > 6  # 2 columns, and up to 8 more from outside


def test_rotate_by_90_degrees_is_a_quarter_turn_either_way():
    corner = with_box(4, 8, 4, 20)
    turned = apply("rotate", corner, degrees=90.0)
    left = np.isclose(turned, np.rot90(corner), atol=1e-4).all(axis=(1, 2))
    right = np.isclose(turned, np.rot90(corner, -1), atol=1e-4).all(axis=(1, 2))
    assert (left | right).all()
    assert left.mean() == pytest.approx(0.5, abs=0.1)


def test_shear_leans_upright_strokes_and_leaves_level_ones_level():
    leaning = apply("shear", with_box(4, 24, 13, 15), degrees=25.0)
    slopes = np.array([np.polyfit(*columns_of_ink(picture), 1)[0] for picture in leaning])
    np.testing.assert_allclose(np.abs(slopes), np.sin(np.radians(25)), atol=0.02)
    assert (slopes > 0).mean() == pytest.approx(0.5, abs=0.1)
    level = apply("shear", with_box(13, 15, 2, 26), n=1, degrees=25.0)[0]
    assert level[13:15, 8:20].min() > 0.9


def test_scale_makes_a_square_of_half_the_size():
    smaller = apply("scale", with_box(6, 22, 6, 22), n=1, factor=0.5)[0]
    np.testing.assert_allclose(smaller, with_box(10, 18, 10, 18), atol=1e-6)


def test_translate_moves_a_pixel_along_both_axes_to_one_of_four_places():
    moved = apply("translate", with_box(14, 15, 14, 15), shift_px=3)
    places = {tuple(int(i) for i in np.argwhere(picture > 0.99)[0]) for picture in moved}
    assert places == {(11, 11), (11, 17), (17, 11), (17, 17)}


# Noise


def test_gaussian_noise_has_the_standard_deviation_asked_for():
    noisy = apply("gaussian_noise", blank(0.5), std=0.1)
    assert noisy.std() == pytest.approx(0.1, rel=0.01)
    assert noisy.mean() == pytest.approx(0.5, abs=0.001)


def test_speckle_noise_grows_with_the_grey_value_and_leaves_black_black():
    picture = blank(0.5)
    picture[:, :14] = 0
    noisy = apply("speckle_noise", picture, std=0.2)
    assert noisy[:, :, 14:].std() == pytest.approx(0.1, rel=0.01)
    assert not noisy[:, :, :14].any()


def test_poisson_noise_counts_whole_photons_with_the_variance_of_their_number():
    noisy = apply("poisson_noise", blank(0.25), peak=40.0)
    np.testing.assert_allclose(noisy * 40, np.rint(noisy * 40), atol=1e-4)
    assert noisy.mean() == pytest.approx(0.25, abs=0.002)
    assert noisy.var() == pytest.approx(0.25 / 40, rel=0.02)
    assert not apply("poisson_noise", blank(), n=2, peak=40.0).any()


def test_salt_and_pepper_hits_the_fraction_asked_for_half_with_each():
    noisy = apply("salt_and_pepper", blank(0.5), amount=0.3)
    assert (noisy == 1).mean() == pytest.approx(0.15, abs=0.003)
    assert (noisy == 0).mean() == pytest.approx(0.15, abs=0.003)
    assert set(np.unique(noisy)) == {0, 0.5, 1}


# Blur


def test_gaussian_blur_spreads_a_point_by_the_standard_deviation_asked_for():
    spread = apply("gaussian_blur", with_box(14, 15, 14, 15), n=1, sigma_px=2.0)[0]
    assert spread.sum() == pytest.approx(1, abs=1e-3)
    for axis in (0, 1):
        variance = (spread.sum(axis=axis) * (np.arange(28) - 14) ** 2).sum()
        assert variance == pytest.approx(4, rel=0.01)


def test_motion_blur_leaves_a_fading_trail_on_one_side():
    point = with_box(14, 15, 14, 15)
    trail = apply("motion_blur", point, n=1, radius_px=3, sigma_px=2.0, max_angle_degrees=0.0)[0]
    expected = np.exp(-(np.arange(7) ** 2) / 8)
    np.testing.assert_allclose(trail[14, 14:7:-1], expected / expected.sum(), rtol=1e-5)
    assert trail.sum() == pytest.approx(1, abs=1e-5)


def test_motion_blur_goes_in_directions_up_to_the_angle_asked_for():
    point = with_box(14, 15, 20, 21)
    trails = apply("motion_blur", point, radius_px=5, sigma_px=4.0, max_angle_degrees=30.0)
    ends = [np.argwhere(trail > 0.02)[:, 0] for trail in trails]
    steepest = max(np.abs(rows - 14).max() for rows in ends)
    assert steepest == pytest.approx(10 * np.sin(np.radians(30)), abs=1)


@pytest.mark.parametrize(
    ("angle", "row"), [(0.0, (14, slice(12, 17))), (90.0, (slice(12, 17), 14))]
)
def test_linear_blur_spreads_a_point_evenly_along_a_line_of_the_length_asked_for(angle, row):
    line = apply("linear_blur", with_box(14, 15, 14, 15), n=1, length_px=5.0, angle_degrees=angle)
    np.testing.assert_allclose(line[0][row], 0.2, atol=1e-6)
    assert line.sum() == pytest.approx(1, abs=1e-5)


def test_linear_blur_turns_anticlockwise():
    line = apply("linear_blur", with_box(14, 15, 14, 15), n=1, length_px=9.0, angle_degrees=45.0)[0]
    assert line[12, 16] > 0.05 > line[12, 12]  # up to the right


def test_glass_blur_blurs_up_and_down_only():
    seen = apply("glass_blur", with_box(0, 28, 14, 15), sigma_px=3.0, reach_px=1, passes=1)
    columns = np.flatnonzero(seen.max(axis=(0, 1)) > 0.01)
    assert columns.max() <= 16  # swapping reaches the next column, blur would reach further
    point = apply("glass_blur", with_box(14, 15, 14, 15), sigma_px=3.0, reach_px=1, passes=1)
    assert np.flatnonzero(point.max(axis=(0, 2)) > 0.001).max() > 20


def test_glass_blur_in_more_passes_swaps_more():
    picture = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(28, 28)
    once, thrice = (
        np.abs(apply("glass_blur", picture, n=20, sigma_px=0.01, reach_px=1, passes=k) - picture)
        for k in (1, 3)
    )
    assert thrice.mean() > 1.3 * once.mean()


def test_glass_blur_without_blur_only_swaps_neighbours():
    picture = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(28, 28)
    seen = apply("glass_blur", picture, n=5, sigma_px=0.01, reach_px=1, passes=1)
    for one in seen:
        np.testing.assert_array_equal(np.sort(one.ravel()), picture.ravel())
    assert (seen != picture).mean() > 0.5


def test_glass_blur_carries_a_point_down_as_far_as_it_reaches_and_up_as_it_wanders():
    point = with_box(14, 15, 14, 15)
    seen = apply("glass_blur", point, sigma_px=0.01, reach_px=2, passes=1).max(axis=0) > 0
    rows = np.flatnonzero(seen.any(axis=1))
    assert rows.max() == 16
    assert rows.min() < 12


# Light


def test_contrast_brings_grey_values_to_the_mean_by_the_factor_asked_for():
    picture = blank()
    picture[:, :14] = 1
    halved = apply("contrast", picture, n=1, factor=0.5)[0]
    np.testing.assert_allclose(np.unique(halved), [0.25, 0.75])
    np.testing.assert_allclose(apply("contrast", picture, n=1, factor=0.0), 0.5)


def test_brightness_adds_what_is_asked_for_and_stops_at_white():
    picture = blank(0.9)
    picture[:, :14] = 0.25
    brighter = apply("brightness", picture, n=1, added=0.5)[0]
    np.testing.assert_allclose(np.unique(brighter), [0.75, 1])


def test_fog_lightens_the_background_and_greys_the_ink_by_its_thickness():
    picture = with_box(0, 28, 0, 14)
    foggy = apply("fog", picture, n=200, thickness=3.0, decay=1.4)
    ink, background = foggy[:, :, :14], foggy[:, :, 14:]
    # Through a cloud of 0 to 1, white is 1/4 to 1, black 0 to 3/4.
    assert ink.min() >= 0.25 - 1e-6
    assert background.max() <= 0.75 + 1e-6
    clouds = (4 * background[:, :, 0]) / 3
    assert clouds.min() < 0.2
    assert clouds.max() > 0.8
    assert not apply("fog", blank(), n=3, thickness=3.0, decay=1.4).any()


def test_fog_is_smoother_the_faster_it_decays():
    def roughness(decay):
        fog = apply("fog", with_box(0, 1, 0, 28), n=50, thickness=1.0, decay=decay)[:, 2:]
        return np.abs(np.diff(fog, axis=2)).mean()

    assert roughness(3.0) < roughness(1.4) / 2


# Things on top


def test_occlusion_covers_a_square_of_the_size_asked_for_anywhere():
    for size_px in (4, 9):
        covered = apply("occlusion", blank(1), size_px=size_px) == 0
        assert (covered.sum(axis=(1, 2)) == size_px**2).all()
    for axes in ((0, 1), (0, 2)):
        assert covered.any(axis=axes).all()  # every column, every row


@pytest.mark.parametrize("width", [3, 7])
def test_stripe_inverts_the_columns_at_both_borders(width):
    striped = apply("stripe", blank(0.25), n=1, width_px=width)[0]
    expected = np.r_[np.full(width, 0.75), np.full(28 - 2 * width, 0.25), np.full(width, 0.75)]
    np.testing.assert_allclose(striped, np.tile(expected, (28, 1)))


@pytest.mark.parametrize(("threshold", "covered"), [(9.0, 0), (0.5, 0.5), (0.6, 0.1587), (-9.0, 1)])
def test_spatter_covers_what_the_normal_curve_leaves_over_the_threshold(threshold, covered):
    muddy = apply("spatter", blank(1), **MUD | {"threshold": threshold})
    assert (muddy == 0.25).mean() == pytest.approx(covered, abs=0.005)
    assert ((muddy == 0.25) | (muddy == 1)).all()


def test_spatter_with_a_softer_edge_loses_small_drops():
    hard, soft = (
        (apply("spatter", blank(1), **MUD | {"sigma_px": 1.0, "softness_px": s}) < 1).mean()
        for s in (0.01, 1.5)
    )
    assert 0 < soft < hard


@pytest.mark.parametrize("dot_px", [2, 5])
def test_dotted_line_is_a_line_from_border_to_border_with_gaps(dot_px):
    lines = apply("dotted_line", blank(), dot_px=dot_px)
    columns = lines.max(axis=1)
    dots = np.arange(28) // dot_px % 2 == 1
    dots[27] = False  # the line ends before the last column
    assert (columns[:, dots] > 0.7).all()
    assert not columns[:, ~dots].any()
    assert (lines.max(axis=(0, 2))[:27] > 0).all()  # at any height


def test_zigzag_has_teeth_of_the_height_asked_for():
    low, high = (
        apply("zigzag", blank(), length_px=2.0, height_px=h).max(axis=2) > 0.9 for h in (1.0, 4.0)
    )
    lines = apply("zigzag", blank(), length_px=2.0, height_px=2.0)
    inside = ~lines[:, [0, 27]].any(axis=(1, 2))  # some start at the border, and leave the picture
    lit = lines[inside].max(axis=1)
    assert (lit[:, 3:25] > 0.3).all()
    assert not lit[:, [0, 1, 26, 27]].any()
    assert high.sum(axis=1).mean() > low.sum(axis=1).mean() + 2


def test_zigzag_has_as_many_teeth_as_its_length_leaves_room_for():
    def turns(length_px):
        lines = apply("zigzag", blank(), length_px=length_px, height_px=4.0)
        level = next(line for line in lines if not line[[0, 27]].any())
        rows = level.argmax(axis=0)[3:24].astype(float)
        slopes = np.sign(np.diff(rows))
        return (np.diff(slopes[slopes != 0]) != 0).sum()

    assert turns(2.0) > turns(4.0) > 0


def test_canny_edges_after_more_blur_finds_fewer():
    noisy = np.clip(np.random.default_rng(0).normal(0.5, 0.3, (28, 28)), 0, 1)
    fine, coarse = (apply("canny_edges", noisy, n=1, sigma_px=s).sum() for s in (0.5, 3.0))
    assert coarse < fine / 2


def test_canny_edges_leaves_the_outline_of_a_square():
    outline = apply("canny_edges", with_box(8, 20, 8, 20), n=1, sigma_px=1.0)[0]
    assert set(np.unique(outline)) == {0, 1}
    assert not outline[11:17, 11:17].any()
    assert not outline[:5].any()
    assert outline[8:20, 14].sum() >= 1 <= outline[14, 8:20].sum()
    assert 30 < outline.sum() < 60


# The published corruptions


def test_mnist_c_has_its_fifteen_and_n_mnist_its_three():
    assert (list(MNIST_C), list(N_MNIST)) == (list(PUBLISHED)[:15], list(PUBLISHED)[15:])


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_published_corruption_is_a_chain_that_a_parameter_file_could_have(name):
    check_parameters(load_parameters() | {"distortion": CORRUPTIONS[name]})
    check_parameters(load_parameters() | {"distortion": [name, {"brightness": {"added": 0.1}}]})


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_published_corruption_by_name_is_its_chain(bundled, name):
    images = bundled.images[:10]
    by_name = distort(images, [name], seed=4)
    np.testing.assert_array_equal(by_name, distort(images, CORRUPTIONS[name], seed=4))
    assert not np.array_equal(by_name, images)


RADIANS = pytest.approx(22.9183, abs=1e-4)  # 0.4 of them in degrees
PUBLISHED = {
    "shot_noise": [{"poisson_noise": {"peak": 3}}],
    "impulse_noise": [{"salt_and_pepper": {"amount": 0.17}}],
    "glass_blur": [{"glass_blur": {"sigma_px": 0.7, "reach_px": 1, "passes": 2}}],
    "motion_blur": [{"motion_blur": {"radius_px": 10, "sigma_px": 3, "max_angle_degrees": 45}}],
    "shear": [{"shear": {"degrees": RADIANS}}],
    "scale": [{"scale": {"factor": 0.7}}],
    "rotate": [{"rotate": {"degrees": RADIANS}}],
    "brightness": [{"brightness": {"added": 0.5}}],
    "translate": [{"translate": {"shift_px": 3}}],
    "stripe": [{"stripe": {"width_px": 7}}],
    "fog": [{"fog": {"thickness": 3, "decay": 1.4}}],
    "spatter": [
        {
            "spatter": {
                "mean": 0.65, "std": 0.3, "sigma_px": 1, "threshold": 0.65, "softness_px": 1.5,
                "grey": pytest.approx(63 / 255),
            }
        }
    ],
    "dotted_line": [{"dotted_line": {"dot_px": 2}}],
    "zigzag": [{"zigzag": {"length_px": 2, "height_px": 2}}],
    "canny_edges": [{"canny_edges": {"sigma_px": 1}}],
    "awgn": [{"gaussian_noise": {"std": pytest.approx(0.335, abs=1e-3)}}],
    "linear_motion_blur": [{"linear_blur": {"length_px": 5, "angle_degrees": 15}}],
    "reduced_contrast_and_awgn": [
        {"contrast": {"factor": 0.5}},
        {"gaussian_noise": {"std": pytest.approx(0.251, abs=1e-3)}},
    ],
}  # fmt: skip


def test_strengths_are_the_published_ones():
    assert CORRUPTIONS == PUBLISHED


def test_the_noise_of_n_mnist_has_the_published_ratio_to_white():
    noise = N_MNIST["awgn"][0]["gaussian_noise"]["std"]
    assert 20 * np.log10(1 / noise) == pytest.approx(9.5)
