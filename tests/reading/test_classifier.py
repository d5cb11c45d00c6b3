"""Answers, reasons and refusals of a classifier that was loaded from a `data` folder."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from mnist_pipeline.errors import UserError
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.models.mlp import build_mlp
from mnist_pipeline.preprocessing import normalize
from mnist_pipeline.reading.calibration import soften
from mnist_pipeline.reading.classifier import CLASSIFIERS, NO_DIGIT, NO_INK, DigitClassifier
from mnist_pipeline.reading.model import read
from mnist_pipeline.reading.pictures import BadPictureError
from mnist_pipeline.reading.preparation import prepare_image
from mnist_pipeline.trained_networks import TrainedNetworks
from tests.reading.conftest import (
    IMAGE,
    NEW,
    OLD,
    as_uint8,
    drawn,
    save_digit,
    save_json,
    save_network,
)

BLANK = np.full((60, 60), 255, np.uint8)


@pytest.fixture(scope="module")
def classifier(data):
    return DigitClassifier(TrainedNetworks(data))


@pytest.fixture(scope="module")
def gullible(data_without_reading):
    """It has no reading model."""
    return DigitClassifier(TrainedNetworks(data_without_reading))


def test_it_says_what_it_was_made_of(classifier, gullible):
    assert (classifier.family, classifier.version) == ("cnn", NEW)
    assert (classifier.dataset, classifier.refuses) == ("Testset", True)
    assert (gullible.dataset, gullible.refuses) == ("unknown digits", False)


def test_it_reads_what_the_network_was_trained_on(classifier, networks):
    readings = classifier.read(networks.digits.images)
    assert (readings.probabilities.argmax(axis=1) == networks.digits.labels).mean() > 0.8


def test_an_answer_is_the_networks_on_the_prepared_picture(classifier, networks):
    grey = drawn(8)
    answer = classifier.classify(grey)
    found = prepare_image(grey)
    expected = {k: v[0] for k, v in read(networks.reading, found.image[np.newaxis]).items()}
    np.testing.assert_allclose(answer.probabilities, expected["probabilities"], atol=1e-5)
    assert answer.probabilities.dtype == np.float32
    assert answer.digit == expected["probabilities"].argmax()
    assert answer.confidence == pytest.approx(expected["probabilities"].max(), abs=1e-5)
    assert answer.is_digit == (expected["is_digit"][0] >= 0.5)
    np.testing.assert_array_equal(answer.image, found.image)
    assert answer.box == found.box
    assert answer.reconstruction.dtype == np.uint8
    difference = answer.reconstruction - 255 * expected["reconstruction"][..., 0]
    assert np.abs(difference).max() <= 0.51


def test_a_file_its_bytes_an_image_and_an_array_give_the_same_answer(classifier, tmp_path):
    array = as_uint8(drawn(5))
    image, path, file = Image.fromarray(array), tmp_path / "five.png", io.BytesIO()
    image.save(path)
    image.save(file, "PNG")
    floats = array / np.float32(255)
    answers = [
        classifier.classify(p) for p in (path, str(path), file.getvalue(), image, array, floats)
    ]
    for answer in answers:
        np.testing.assert_array_equal(answer.image, answers[0].image)
        np.testing.assert_array_equal(answer.probabilities, answers[0].probabilities)
        assert answer.box == answers[0].box


def test_a_picture_that_cannot_be_read_is_refused_by_name(classifier, tmp_path):
    (tmp_path / "seven.png").write_bytes(b"text")
    with pytest.raises(BadPictureError, match=r"seven\.png: this is no picture"):
        classifier.classify(tmp_path / "seven.png")
    with pytest.raises(BadPictureError, match="the picture: this is no picture"):
        classifier.classify(b"text")
    with pytest.raises(BadPictureError, match=r"none\.png: No such file"):
        classifier.classify(str(tmp_path / "none.png"))


def test_without_ink_there_is_no_digit_and_the_reason_is_given(classifier, gullible):
    for answer in (classifier.classify(BLANK), gullible.classify(BLANK)):
        assert (answer.digit, answer.confidence, answer.is_digit) == (None, 0.0, False)
        assert answer.reason == NO_INK == "there is no ink in the picture"
        np.testing.assert_allclose(answer.probabilities, 0.1)
        assert answer.image is answer.box is answer.reconstruction is None
    assert classifier.classify_many(BLANK) == []


def test_a_digit_has_no_reason_and_what_is_none_has_one_and_a_best_guess(classifier, networks):
    images = np.concatenate([networks.held_out[:50], networks.outliers[:50]])
    answers = [classifier.classify(image) for image in images]
    assert {(a.is_digit, a.reason) for a in answers} == {(True, None), (False, NO_DIGIT)}
    assert {a.digit for a in answers if not a.is_digit} <= set(range(10))
    readings = classifier.read(np.stack([a.image for a in answers]))
    assert readings.is_digit.tolist() == [a.is_digit for a in answers]


def test_without_a_reading_model_everything_with_ink_is_a_digit(gullible, networks):
    readings = gullible.read(networks.outliers)
    assert readings.is_digit.all()
    assert readings.reconstructions is None
    answer = gullible.classify(networks.outliers[0])
    assert (answer.is_digit, answer.reason, answer.reconstruction) == (True, None, None)


def test_another_family_reads_by_itself_calibrated_and_is_refused_by_the_same_model(data, networks):
    mlp = DigitClassifier(TrainedNetworks(data), "mlp")
    readings = mlp.read(networks.held_out)
    alone = TrainedNetworks(data).load("mlp")(normalize(networks.held_out), training=False)
    expected = soften(alone.numpy(), 4.0)
    np.testing.assert_allclose(readings.probabilities, expected, atol=1e-5)
    is_digit = read(networks.reading, networks.held_out)["is_digit"].ravel() >= 0.5
    np.testing.assert_array_equal(readings.is_digit, is_digit)
    assert readings.reconstructions.shape == networks.held_out.shape


def test_a_cnn_that_is_newer_than_the_reading_model_reads_by_itself(data, networks, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    newest = "2026-02-01T00.00.00.000Z"
    save_network(tmp_path / "data", "cnn", networks.classifier, newest)
    save_json(
        tmp_path / "data", "06_models", "cnn", "calibration.json", {"temperature": 9.0}, newest
    )
    classifier = DigitClassifier(TrainedNetworks(tmp_path / "data"))
    assert classifier.version == newest
    alone = networks.classifier(normalize(networks.held_out), training=False).numpy()
    readings = classifier.read(networks.held_out)
    np.testing.assert_allclose(readings.probabilities, soften(alone, 9.0), atol=1e-5)


def test_a_cnn_that_is_in_the_reading_model_is_not_loaded_once_more(data, monkeypatch):
    loaded = []
    load = TrainedNetworks.load
    monkeypatch.setattr(
        TrainedNetworks, "load", lambda self, name: loaded.append(name) or load(self, name)
    )
    DigitClassifier(TrainedNetworks(data))
    assert loaded == ["reading"]
    DigitClassifier(TrainedNetworks(data), "mlp")
    assert loaded == ["reading", "mlp", "reading"]


def test_a_reading_model_alone_does_not_stand_for_a_cnn(data, tmp_path):
    shutil.copytree(data / "06_models/reading", tmp_path / "06_models/reading")
    with pytest.raises(UserError, match="No cnn has been trained"):
        DigitClassifier(TrainedNetworks(tmp_path))


@pytest.mark.parametrize(
    "family", [f.name for f in EVERY_FAMILY if f.name not in CLASSIFIERS] + ["reading", "cnnn"]
)
def test_a_family_that_reads_no_digits_is_refused(data, family):
    with pytest.raises(UserError, match=f"'{family}' reads no digits; these do: mlp, cnn, "):
        DigitClassifier(TrainedNetworks(data), family)


def test_an_ensemble_of_what_reads_no_digits_is_refused_by_its_family(tmp_path):
    save_network(tmp_path, "ensemble", build_mlp(IMAGE, (10,), hidden_units=[2], dropout=0.0))
    scores = {"family": "autoencoder"}
    save_json(tmp_path, "08_reporting", "ensemble", "metrics.json", scores)
    with pytest.raises(UserError, match="ensemble, which is of autoencoder, reads no digits"):
        DigitClassifier(TrainedNetworks(tmp_path), "ensemble")


def test_what_restores_and_what_reads_spoiled_digits_only_is_no_classifier():
    assert not {"autoencoder", "enhancement", "enhancement_classification"} & set(CLASSIFIERS)
    assert {"mlp", "cnn", "noisy_cnn", "noisy_resnet"} <= set(CLASSIFIERS)


def test_a_family_that_is_not_trained_yet_is_refused_with_the_command(data, tmp_path):
    with pytest.raises(UserError, match=r"No noisy_cnn has been .* --pipeline=noisy_cnn "):
        DigitClassifier(TrainedNetworks(data), "noisy_cnn")
    with pytest.raises(UserError, match=r"No cnn has been .* kedro run --pipeline=reading "):
        DigitClassifier.load(data=tmp_path)


def test_it_is_loaded_from_the_project_around_the_working_directory(data, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('package_name = "mnist_pipeline"')
    (tmp_path / "data").symlink_to(data)
    monkeypatch.chdir(tmp_path)
    classifier = DigitClassifier.load("mlp")
    assert (classifier.family, classifier.version) == ("mlp", NEW)
    assert OLD < NEW


# Several digits


def test_every_digit_of_a_picture_is_read_from_left_to_right(classifier):
    grey = np.hstack([drawn(label) for label in (3, 1, 4)])
    answers = classifier.classify_many(grey)
    assert [100 * k < a.box[0] < a.box[2] < 100 * (k + 1) for k, a in enumerate(answers)] == [
        True
    ] * 3
    for answer, label in zip(answers, (3, 1, 4), strict=True):
        alone = classifier.classify(drawn(label))
        np.testing.assert_allclose(answer.probabilities, alone.probabilities, atol=0.01)


def test_pictures_without_ink_keep_their_place_among_others(classifier):
    found = [None, prepare_image(drawn(2)), None, prepare_image(drawn(6))]
    answers = classifier.answer(found)
    assert [a.digit is None for a in answers] == [True, False, True, False]
    np.testing.assert_array_equal(answers[3].image, found[3].image)
    assert classifier.answer([]) == []


# Folders


def test_a_folder_is_read_in_the_order_of_names_with_its_sub_folders(classifier, tmp_path):
    for name, label in (("b.png", 1), ("a/z.png", 2), ("c/d/e.png", 3), ("a.png", 4)):
        save_digit(tmp_path / name, label)
    (tmp_path / "b2.png").write_bytes(b"text")
    Image.fromarray(BLANK).save(tmp_path / "c.png")
    (tmp_path / "notes.txt").write_text("none of it")
    answers = dict(classifier.classify_folder(tmp_path))
    names = [path.relative_to(tmp_path).as_posix() for path in answers]
    assert names == ["a/z.png", "a.png", "b.png", "b2.png", "c/d/e.png", "c.png"]
    for name in ("b.png", "a/z.png", "c/d/e.png", "a.png"):
        alone = classifier.classify(tmp_path / name)
        np.testing.assert_array_equal(answers[tmp_path / name].image, alone.image)
    assert isinstance(answers[tmp_path / "b2.png"], BadPictureError)
    assert answers[tmp_path / "c.png"].reason == NO_INK


def test_of_a_folder_only_the_files_that_match_are_read(classifier, tmp_path):
    for name in ("a.png", "b.jpg", "scans/c.png"):
        save_digit(tmp_path / name)
    read = [path.name for path, _ in classifier.classify_folder(tmp_path, ("*.jpg", "scans/*"))]
    assert read == ["b.jpg", "c.png"]


def test_a_folder_that_is_not_there_is_refused(classifier, tmp_path):
    with pytest.raises(UserError, match="none: there is no such folder"):
        list(classifier.classify_folder(tmp_path / "none"))


# Restoration


def test_a_digit_is_restored_by_the_enhancement_network(classifier, data):
    assert classifier.can_restore()
    found = prepare_image(drawn(9))
    network = TrainedNetworks(data).load("enhancement")
    expected = network(normalize(found.image[np.newaxis]), training=False)[0, ..., 0]
    restored = classifier.enhance(drawn(9))
    assert (restored.shape, restored.dtype) == ((28, 28), np.uint8)
    assert np.abs(restored - 255 * expected).max() <= 0.51
    np.testing.assert_array_equal(classifier.restore(found.image[np.newaxis])[0], restored)
    assert classifier.enhance(BLANK) is None


def test_without_an_enhancement_network_the_command_is_named(gullible):
    assert not gullible.can_restore()
    with pytest.raises(UserError, match=r"No enhancement has been .* kedro run --pipeline=reading"):
        gullible.enhance(drawn(9))
