import warnings

import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.parameters import LabelTraining, NoiseComparisonSettings, check_parameters
from tests.conftest import PROJECT, load_parameters


@pytest.fixture
def parameters():
    return load_parameters()


def change(parameters, key, value):
    *path, last = key.split(".")
    for name in path:
        parameters = parameters[name]
    parameters[last] = value


@pytest.mark.parametrize("env", [p.name for p in (PROJECT / "conf").iterdir() if p.is_dir()])
def test_the_parameters_of_every_environment_are_accepted(env):
    check_parameters(load_parameters(env))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("mpl", {}, "mpl = {}: there is no such key; did you mean mlp?"),
        ("zebra", 1, "zebra = 1: there is no such key; allowed here: seed, data, degr"),
        (
            "mlp.training.epoch",
            5,
            "mlp.training.epoch = 5: there is no such key; did you mean epochs?",
        ),
        ("mlp.model.filters", 5, "mlp.model.filters = 5: there is no such key"),
        ("mlp.training.epochs", "5", "mlp.training.epochs = '5': input should be a valid integer"),
        (
            "mlp.training.epochs",
            0,
            "mlp.training.epochs = 0: input should be greater than or equal to 1",
        ),
        (
            "cnn.training.learning_rate",
            -1.0,
            "cnn.training.learning_rate = -1.0: input should be gr",
        ),
        (
            "cnn.model.conv_dropout",
            1.0,
            "cnn.model.conv_dropout = 1.0: input should be less than 1",
        ),
        ("cnn.model.filters", [[32], 64], "cnn.model.filters.1 = 64: input should be a valid list"),
        ("cnn.training.best_by", "accuracy", "input should be 'val_loss' or 'val_accuracy'"),
        ("autoencoder.training.best_by", "val_accuracy", "input should be 'val_loss'"),
        (
            "autoencoder.training.loss",
            "categorical_crossentropy",
            "input should be 'binary_crossen",
        ),
        ("enhancement.training.loss", {"clean_images": "mse"}, "enhancement.training.loss = "),
        (
            "enhancement_classification.training.loss",
            "mse",
            "enhancement_classification.training.loss",
        ),
        ("enhancement_classification.training.loss_weights.clean_images", 0.0, "greater than 0"),
        ("degradation.size_px", 0, "degradation.size_px = 0: input should be greater than or eq"),
        ("degradation.size_px", 29, "degradation.size_px = 29: input should be less than or equal"),
        ("degradation.enlarge_by", "cubic", "input should be 'area', 'bilinear', 'bicubic',"),
        (
            "mlp.training.validation_fraction",
            1.0,
            "validation_fraction = 1.0: input should be less",
        ),
        ("mlp.training.validation_split", "random", "input should be 'stratified' or 'first'"),
        ("data.sources", ["mnist"], "data.sources.0 = 'mnist': input should be 'mnist_files', 'mn"),
        ("data.sources", [], "data.sources = []: list should have at least 1 item"),
        ("data.mnist_dir", "", "data.mnist_dir = '': string should have at least 1 character"),
        ("data.train_limit", 0, "data.train_limit = 0: input should be greater than or equal to 1"),
        ("data.class_names", ["0", "1", "1"], "every name should occur once"),
        (
            "cnn.training.checkpoint",
            "best.h5",
            "checkpoint = 'best.h5': string should match pattern",
        ),
        ("noisy_mlp.model.dropout", [0.1, 2.0], "noisy_mlp.model.dropout.1 = 2.0: input should be"),
        ("noisy_mlp.model.dropout", "much", "noisy_mlp.model.dropout = 'much': input should be a"),
        ("cnn.training.optimizer", "sgd", "optimizer = 'sgd': input should be 'adam' or 'rmsprop'"),
        (
            "cnn.training.augmentation",
            [{"rotate": {"degrees": -1}}],
            "cnn.training.augmentation.0.rotate.degrees = -1: input should be greater than or",
        ),
        (
            "cnn.training.augmentation",
            [{"rotate": {"angle": 1}}],
            "cnn.training.augmentation.0.rotate.angle = 1: there is no such key; allowed here: deg",
        ),
        ("cnn.training.augmentation", [], "list should have at least 1 item"),
        ("noise_comparison.folds", 1, "noise_comparison.folds = 1: input should be greater than"),
        ("noise_comparison.workers", 0, "noise_comparison.workers = 0: input should be greater"),
        (
            "noise_comparison.curves.rotation",
            {"degrees": [0, 1]},
            "curves.rotation: there is no such distortion",
        ),
        (
            "noise_comparison.curves.rotate",
            {"degrees": [0, -5]},
            "noise_comparison: curves.rotate.degrees = -5: input should be greater than or equal",
        ),
        (
            "noise_comparison.curves.rotate",
            {"angle": [0, 5]},
            "noise_comparison: curves.rotate: its only setting is degrees, found angle.",
        ),
        ("noise_comparison.curves", {}, "noise_comparison.curves = {}: dictionary should have at"),
        ("noise_comparison.curves.rotat", {"degrees": [0, 1]}, "did you mean rotate?"),
        (
            "noise_comparison.curves.occlusion",
            {"size_px": [0, 4]},
            "curves.occlusion.size_px = 0: input should be greater than or equal to 1.",
        ),
        ("noisy_resnet.model.filters", [], "noisy_resnet.model.filters = []: list should have at"),
        (
            "noisy_mlp.model.hidden_units",
            [256, 128],
            "noisy_mlp.model.dropout = [0.0, 0.3, 0.0, 0.0] has 4 entries, but model.hidden_units "
            "has 2. Write one number for all layers, or one for each.",
        ),
        ("cnn.model.dense_dropout", [0.5], "cnn.model.dense_dropout = [0.5] has 1 entries, but"),
        ("mlp.training.learning_rate", float("inf"), "learning_rate = inf: input should be a fin"),
        ("noise_comparison.curves.fog", {"decay": [1, 2]}, "it has the settings thickness, decay"),
        ("reading.pictures", 0, "reading.pictures = 0: input should be greater than or equal to 1"),
        ("reading.refused_share", 1.0, "reading.refused_share = 1.0: input should be less than 1"),
        ("reading.refused_share", 0.0, "reading.refused_share = 0.0: input should be greater than"),
        ("reading.hidden_units", 256, "reading.hidden_units = 256: input should be a valid list"),
        ("reading.dropout", 1.0, "reading.dropout = 1.0: input should be less than 1"),
        ("reading.epoch", 5, "reading.epoch = 5: there is no such key; did you mean epochs?"),
        ("classification.images", "", "classification.images = '': string should have at least 1"),
        (
            "classification.patterns",
            "*.png",
            "classification.patterns = '*.png': input should be a valid list, such as [a,b] or [a]",
        ),
        ("classification.patterns", [], "classification.patterns = []: list should have at least"),
        ("classification.gallery", 0, "classification.gallery = 0: input should be greater than"),
        ("classification.image", "x", "there is no such key; did you mean images?"),
        ("seed", -1, "seed = -1: input should be greater than or equal to 0"),
        ("seed", True, "seed = True: input should be a valid integer"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_key_and_value(parameters, key, value, message):
    change(parameters, key, value)
    with pytest.raises(UserError) as error:
        check_parameters(parameters)
    assert message in str(error.value)


def test_one_of_several_networks_has_a_checkpoint_beside_that_of_its_family(parameters):
    settings = LabelTraining(**parameters["cnn"]["training"])
    own = settings.with_checkpoint_of("seed-7")
    assert own.checkpoint == "data/06_models/cnn/seed-7-checkpoint.keras"
    assert own.model_copy(update={"checkpoint": settings.checkpoint}) == settings


def test_a_checkpoint_that_two_families_share_is_refused(parameters):
    path = parameters["mlp"]["training"]["checkpoint"]
    change(parameters, "cnn.training.checkpoint", path)
    with pytest.raises(UserError, match=r"mlp\.training\.checkpoint.*is the checkpoint of cnn"):
        check_parameters(parameters)


def test_a_missing_key_is_named(parameters):
    del parameters["cnn"]["training"]["epochs"]
    with pytest.raises(UserError, match=r"cnn\.training\.epochs is missing"):
        check_parameters(parameters)


def test_all_problems_are_told_at_once(parameters):
    change(parameters, "seed", "x")
    change(parameters, "mlp.training.epochs", 0)
    with pytest.raises(UserError) as error:
        check_parameters(parameters)
    assert len(str(error.value).splitlines()) == 3


def test_null_leaves_a_curve_out(parameters):
    change(parameters, "noise_comparison.curves.rotate", None)
    check_parameters(parameters)
    curves = NoiseComparisonSettings(**parameters["noise_comparison"]).curves
    assert list(curves) == ["gaussian_noise", "salt_and_pepper"]


def test_a_curve_may_have_any_setting_that_is_the_only_one_of_its_distortion(parameters):
    change(parameters, "noise_comparison.curves", {"occlusion": {"size_px": [4, 8, 12]}})
    check_parameters(parameters)


def test_steps_come_out_of_the_settings_as_they_were_written(parameters):
    steps = [{"rotate": {"degrees": 10}}, "fog"]
    change(parameters, "cnn.training.augmentation", steps)
    settings = LabelTraining(**parameters["cnn"]["training"])
    assert settings.augmentation == steps
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert settings.model_dump()["augmentation"] == steps
