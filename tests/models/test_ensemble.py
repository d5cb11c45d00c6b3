import numpy as np

from mnist_pipeline.lazy import keras
from mnist_pipeline.models.cnn import build_cnn
from mnist_pipeline.models.ensemble import build_ensemble
from mnist_pipeline.models.multitask_unet import build_multitask_unet

IMAGE = (28, 28, 1)
CNN = {
    "filters": [[4]], "kernel_size_px": 3, "initializer": "he_uniform", "batch_norm_momentum": 0.9,
    "conv_dropout": 0.1, "hidden_units": [8], "dense_dropout": 0.1,
}  # fmt: skip
UNET = {
    "filters": [4, 8], "kernel_size_px": 3, "batch_normalization": False, "residual": False,
    "hidden_units": [8], "dropout": 0.1,
}  # fmt: skip


def random_images(n=6):
    return np.random.default_rng(0).random((n, *IMAGE), dtype=np.float32)


def test_its_answer_is_the_mean_of_those_of_its_members():
    members = [build_cnn(IMAGE, (10,), **CNN) for _ in range(3)]
    images = random_images()
    expected = np.mean([member(images) for member in members], axis=0)
    ensemble = build_ensemble(members)
    assert ensemble.output_shape == (None, 10)
    np.testing.assert_allclose(ensemble(images), expected, atol=1e-6)
    assert ensemble.count_params() == 3 * members[0].count_params()


def test_of_several_outputs_each_is_averaged_and_keeps_its_place(tmp_path):
    members = [build_multitask_unet(IMAGE, IMAGE, (10,), **UNET) for _ in range(2)]
    images = random_images()
    answers = [member(images) for member in members]
    ensemble = build_ensemble(members)
    ensemble.save(tmp_path / "ensemble.keras")
    loaded = keras.models.load_model(tmp_path / "ensemble.keras")
    for at, answer in enumerate(loaded(images)):
        np.testing.assert_allclose(answer, np.mean([a[at] for a in answers], axis=0), atol=1e-6)
