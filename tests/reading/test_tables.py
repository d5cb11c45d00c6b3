import numpy as np
import pandas as pd
import pytest

from mnist_pipeline.reading.classifier import BATCH_SIZE, NO_DIGIT, NO_INK, DigitClassifier
from mnist_pipeline.reading.preparation import PreparedDigit
from mnist_pipeline.reading.tables import COLUMNS, table_of
from mnist_pipeline.trained_networks import TrainedNetworks

CONTRACT = ["file", "digit", "confidence", *(f"p{k}" for k in range(10)), "is_digit", "reason"]
BOX = (0, 0, 28, 28)


@pytest.fixture(scope="module")
def classifier(data):
    return DigitClassifier(TrainedNetworks(data))


@pytest.fixture(scope="module")
def found(networks):
    """Thirty digits, ten outliers, every fifth picture without ink."""
    images = np.concatenate([networks.held_out[:30], networks.outliers[:10]])
    return [None if k % 5 == 4 else PreparedDigit(image, BOX) for k, image in enumerate(images)]


def test_there_is_a_row_for_each_picture_with_the_columns_in_their_order(classifier, found):
    files = [f"{k}.png" for k in range(40)]
    table = table_of(files, found, classifier)
    assert list(table.columns) == CONTRACT == COLUMNS
    assert table["file"].tolist() == files


def test_rows_say_what_the_classifier_answers(classifier, found):
    table = table_of([""] * 40, found, classifier)
    for (_, row), answer in zip(table.iterrows(), classifier.answer(found), strict=True):
        assert (None if pd.isna(row["digit"]) else row["digit"]) == answer.digit
        assert row["confidence"] == pytest.approx(answer.confidence, abs=1e-5)
        np.testing.assert_allclose(
            row[CONTRACT[3:13]].astype(float), answer.probabilities, atol=1e-5
        )
        assert row["is_digit"] == answer.is_digit
        assert row["reason"] == (answer.reason or "")
    assert {*table["reason"]} == {"", NO_DIGIT, NO_INK}


def test_without_ink_the_digit_is_missing_and_nothing_is_probable(classifier):
    table = table_of(["blank.png"], [None], classifier)
    row = table.iloc[0]
    assert pd.isna(row["digit"])
    assert row["confidence"] == 0
    assert row[CONTRACT[3:13]].tolist() == pytest.approx([0.1] * 10)
    assert (row["is_digit"], row["reason"]) == (False, NO_INK)


def test_digits_are_whole_numbers_in_the_file_though_one_is_missing(classifier, found):
    text = table_of([f"{k}.png" for k in range(5)], found[:5], classifier).to_csv(index=False)
    digits = [line.split(",")[1] for line in text.splitlines()[1:]]
    assert digits[4] == ""
    assert all(len(digit) == 1 and digit.isdigit() for digit in digits[:4])


def test_of_no_pictures_there_are_the_columns(classifier):
    table = table_of([], [], classifier)
    assert (list(table.columns), len(table)) == (CONTRACT, 0)


def test_more_pictures_than_are_read_at_a_time_keep_their_order(classifier, networks):
    images = np.concatenate([networks.digits.images[: BATCH_SIZE - 2], networks.outliers[:20]])
    found = [None, *(PreparedDigit(image, BOX) for image in images), None]
    table = table_of([str(k) for k in range(len(found))], found, classifier)
    read = classifier.read(images[-40:]).probabilities
    np.testing.assert_allclose(table[CONTRACT[3:13]][-41:-1], read, atol=1e-5)
    assert table["digit"].isna().to_numpy().nonzero()[0].tolist() == [0, len(found) - 1]
