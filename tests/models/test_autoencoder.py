import numpy as np
import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.models.autoencoder import build_autoencoder


def build(filters=(4, 8), latent_dim=5, initial_grey=0.2, batch_normalization=False, dropout=0.0):
    return build_autoencoder(
        (28, 28, 1), (28, 28, 1), filters=list(filters), kernel_size_px=3,
        latent_dim=latent_dim, initial_grey=initial_grey,
        batch_normalization=batch_normalization, dropout=dropout,
    )  # fmt: skip


@pytest.mark.parametrize("filters", [[], [3], [4, 8]])
def test_the_picture_comes_back_in_its_own_size(filters):
    assert build(filters).output_shape == (None, 28, 28, 1)


def test_the_latent_has_as_many_numbers_as_asked_for():
    model = build(latent_dim=7)
    assert model.get_layer("encoder").output_shape == (None, 7)
    assert model.get_layer("decoder").input_shape == (None, 7)


def test_the_model_is_the_decoder_after_the_encoder():
    model = build()
    image = np.random.default_rng(0).random((1, 28, 28, 1), np.float32)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    np.testing.assert_allclose(decoder(encoder(image)), model(image), rtol=1e-6)


def test_before_training_a_black_picture_comes_back_in_the_initial_grey():
    black = np.zeros((1, 28, 28, 1), np.float32)
    np.testing.assert_allclose(build(initial_grey=0.2)(black), 0.2, rtol=1e-5)


def test_variants_add_their_layers_and_nothing_else():
    def kinds(model):
        return [type(layer).__name__ for part in model.layers[1:] for layer in part.layers]

    plain, varied = kinds(build()), kinds(build(batch_normalization=True, dropout=0.1))
    assert varied.count("BatchNormalization") == 4
    assert varied.count("Dropout") == 1
    assert [k for k in varied if k not in ("BatchNormalization", "Dropout")] == plain


def test_more_blocks_than_the_picture_can_be_halved_are_refused():
    with pytest.raises(
        UserError,
        match=r"filters has so many entries.*halved 3 times.*28x28 pixels cannot be divided by 8",
    ):
        build([2, 2, 2])
