from mnist_pipeline.parameters import TrainingSettings
from mnist_pipeline.pipelines.preprocessing.nodes import encode_labels, split_digits
from tests.conftest import load_parameters


def test_the_split_has_a_row_per_digit_with_its_label_and_part(tiny_digits):
    settings = {**load_parameters()["mlp"]["training"], "validation_fraction": 1 / 3}
    split = split_digits(tiny_digits, TrainingSettings(**settings), seed=0)
    assert split["label"].tolist() == tiny_digits.labels.tolist()
    assert split["part"].value_counts().to_dict() == {"train": 20, "validation": 10}
    assert sorted(split[split["part"] == "validation"]["label"]) == list(range(10))


def test_labels_have_as_many_columns_as_there_are_class_names(tiny_digits):
    assert encode_labels(tiny_digits, {"class_names": ["a"] * 12}).shape == (30, 12)
