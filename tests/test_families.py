"""The networks are those of the originals: their parameter counts say so."""

import numpy as np
import pytest

from mnist_pipeline.families import EVERY_FAMILY, FAMILIES, VARIANTS, Family
from mnist_pipeline.fitting import predict
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.models.unet import build_unet
from tests.conftest import load_parameters

PARAMETERS = {
    "mlp": 109_386,
    "cnn": 471_018,
    "autoencoder": 479_105,
    "enhancement": 465_953,
    "enhancement_classification": 1_270_187,
    "noisy_mlp": 1_182_874,
    "noisy_cnn": 653_322,
    "augmented_mlp": 109_386,
    "augmented_cnn": 471_018,
    "degraded_cnn": 471_018,
    "noisy_mlp_small": 235_146,
    "noisy_mlp_rmsprop": 1_182_874,
    "noisy_cnn_small": 816_906,
    "noisy_lenet5": 61_706,
    "noisy_resnet": 698_282,
    "noisy_densenet": 136_826,
}
PART_PARAMETERS = {"encoder": 219_584, "decoder": 259_521}
OUTPUT_SHAPES = {"one_hot_labels": (10,), "clean_images": (28, 28, 1)}


def build(family):
    settings = load_parameters()[family.name]["model"]
    shapes = [OUTPUT_SHAPES[thing] for thing in family.returns]
    return family.build((28, 28, 1), *shapes, **settings)


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ("clasification", "no judge 'clasification'"),
        ("restoration", "looks at clean_images, which"),
    ],
)
def test_a_row_with_a_judge_that_cannot_judge_it_is_refused(judge, message):
    with pytest.raises(ValueError, match=message):
        Family("new", build_mlp, "clean_images", ("one_hot_labels",), (judge,))


def test_a_network_that_restores_what_is_not_degraded_is_refused():
    with pytest.raises(ValueError, match="restoration is measured against degraded_images"):
        Family("denoiser", build_unet, "distorted_images", ("clean_images",), ("restoration",))


def test_every_family_has_its_parameter_count_here():
    assert {family.name for family in EVERY_FAMILY} == set(PARAMETERS)


@pytest.mark.parametrize("family", EVERY_FAMILY, ids=lambda family: family.name)
def test_the_network_has_as_many_parameters_as_the_original(family):
    assert build(family).count_params() == PARAMETERS[family.name]


@pytest.mark.parametrize("family", EVERY_FAMILY, ids=lambda family: family.name)
def test_the_network_returns_what_the_table_says(family):
    outputs = predict(build(family), np.zeros((2, 28, 28, 1), np.float32))
    for output, thing in zip(outputs, family.returns, strict=True):
        assert output.shape == (2, *OUTPUT_SHAPES[thing])
        assert output.dtype == np.float32
        assert output.min() >= 0
        assert output.max() <= 1


@pytest.mark.parametrize(
    "family", [f for f in EVERY_FAMILY if f.parts], ids=lambda family: family.name
)
def test_the_parts_of_a_network_have_their_parameter_counts(family):
    model = build(family)
    counts = {part: model.get_layer(part).count_params() for part in family.parts}
    assert counts == {part: PART_PARAMETERS[part] for part in family.parts}


def test_names_are_unique():
    names = [family.name for family in EVERY_FAMILY]
    assert len(names) == len(set(names)) == len(FAMILIES) + len(VARIANTS)
