"""A folder of pictures becomes a table, with what cannot be read beside it."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from mnist_pipeline.commands import digits
from mnist_pipeline.datasets import TableStreamDataset
from mnist_pipeline.errors import UserError
from mnist_pipeline.parameters import ClassificationSettings
from mnist_pipeline.pipelines.classification import nodes
from mnist_pipeline.reading.classifier import DigitClassifier
from mnist_pipeline.trained_networks import TrainedNetworks
from tests.conftest import load_parameters
from tests.reading.conftest import data, networks, save_digit

__all__ = ["data", "networks"]  # fixtures


def settings_for(folder, **changed):
    return ClassificationSettings(
        **load_parameters()["classification"] | {"images": str(folder)} | changed
    )


def classify(data, folder, **changed):
    """Both tables, read in the order in which Kedro saves them."""
    settings = settings_for(folder, **changed)
    predictions, refused = nodes.classify_pictures(TrainedNetworks(data), settings)
    return pd.concat(predictions), pd.concat(refused)


@pytest.fixture
def folder(tmp_path):
    """Three digits, a blank, and three files that are no pictures."""
    folder = tmp_path / "own"
    for name, label in (("c.png", 3), ("a.png", 1), ("more/b.jpg", 2)):
        save_digit(folder / name, label)
    Image.new("L", (50, 50), 255).save(folder / "blank.png")
    for name in ("broken.png", "more/text.png"):
        (folder / name).write_text("no picture")
    (folder / "gone.png").symlink_to(folder / "nothing")
    return folder


def test_every_readable_picture_has_a_row_and_every_other_one_a_reason(data, folder):
    predictions, refused = classify(data, folder)
    names = [name.removeprefix(f"{folder}/") for name in predictions["file"]]
    assert names == ["a.png", "blank.png", "c.png", "more/b.jpg"]
    reason = "this is no picture in a known format (PNG, JPEG, BMP, TIFF)."
    assert refused.to_numpy().tolist() == [
        [f"{folder}/broken.png", reason],
        [f"{folder}/gone.png", "No such file or directory."],
        [f"{folder}/more/text.png", reason],
    ]


def test_rows_say_what_the_classifier_answers(data, folder):
    predictions, _ = classify(data, folder)
    classifier = DigitClassifier(TrainedNetworks(data))
    for row in predictions.to_dict("records"):
        answer = classifier.classify(row["file"])
        assert (None if pd.isna(row["digit"]) else row["digit"]) == answer.digit
        assert row["confidence"] == pytest.approx(answer.confidence, abs=1e-5)
        assert row["reason"] == (answer.reason or "")
    assert pd.isna(predictions["digit"].iloc[1])


def test_the_file_begins_with_the_columns_that_other_programs_expect(data, folder, tmp_path):
    predictions, refused = nodes.classify_pictures(TrainedNetworks(data), settings_for(folder))
    TableStreamDataset(filepath=str(tmp_path / "predictions.csv")).save(predictions)
    TableStreamDataset(filepath=str(tmp_path / "refused.csv")).save(refused)
    lines = (tmp_path / "predictions.csv").read_text().splitlines()
    columns = "file,digit,confidence,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9,is_digit,reason"
    assert lines[0] == columns
    assert len(lines) == 5
    blank = f"{folder}/blank.png,,0.0," + "0.1," * 10 + "False,there is no ink in the picture"
    assert lines[2] == blank
    assert (tmp_path / "refused.csv").read_text().startswith(f"file,reason\n{folder}/broken.png,")


def test_the_command_writes_the_same_file(data, networks, folder, tmp_path):
    for k, image in enumerate(np.concatenate([networks.held_out[:200], networks.outliers[:50]])):
        Image.fromarray(image).save(folder / f"{k}.png")
    predictions, _ = nodes.classify_pictures(TrainedNetworks(data), settings_for(folder))
    TableStreamDataset(filepath=str(tmp_path / "by_pipeline.csv")).save(predictions)
    by_command = tmp_path / "by_command.csv"
    options = ["predict", f"--data={data}", "--format=csv", f"--output={by_command}", str(folder)]
    CliRunner().invoke(digits, options)
    assert by_command.read_bytes() == (tmp_path / "by_pipeline.csv").read_bytes()
    assert by_command.read_bytes().count(b"\n") == 255


def test_where_every_picture_can_be_read_none_is_refused(data, tmp_path):
    save_digit(tmp_path / "a.png")
    predictions, refused = classify(data, tmp_path)
    assert (len(predictions), len(refused), list(refused.columns)) == (1, 0, ["file", "reason"])


def test_where_none_can_be_read_all_are_refused(data, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    predictions, refused = classify(data, tmp_path)
    assert (len(predictions), len(refused)) == (0, 1)
    assert list(predictions.columns)[:4] == ["file", "digit", "confidence", "p0"]


def test_patterns_choose_and_a_file_can_be_read_alone(data, folder):
    predictions, refused = classify(data, folder, patterns=["more/*"])
    assert [len(predictions), len(refused)] == [1, 1]
    predictions, _ = classify(data, folder / "c.png")
    assert predictions["file"].tolist() == [f"{folder}/c.png"]


def test_another_family_reads_if_asked(data, folder):
    by_cnn, by_mlp = (
        classify(data, folder, family=name)[0]["confidence"].astype(float)
        for name in ("cnn", "mlp")
    )
    assert not np.allclose(by_cnn, by_mlp)


@pytest.mark.parametrize("changed", [{"patterns": ["*.bmp"]}, {"images": "nothing"}])
def test_a_folder_without_pictures_is_refused_before_anything_is_read(data, tmp_path, changed):
    (tmp_path / "nothing").mkdir()
    save_digit(tmp_path / "a.png")
    changed = {k: str(tmp_path / v) if k == "images" else v for k, v in changed.items()}
    settings = settings_for(tmp_path).model_copy(update=changed)
    with pytest.raises(UserError, match=r"there is no picture in it.*--params=classification\.im"):
        nodes.classify_pictures(TrainedNetworks(data), settings)


def test_a_folder_that_is_not_there_and_a_network_that_is_not_there_are_refused(data, tmp_path):
    with pytest.raises(UserError, match="there is no such folder"):
        classify(data, tmp_path / "none")
    save_digit(tmp_path / "a.png")
    with pytest.raises(UserError, match="No cnn has been trained"):
        classify(tmp_path, tmp_path)


def test_a_million_refusals_do_not_stay_in_memory_but_are_all_there(data, tmp_path):
    """More than the temporary file holds in memory, and than one piece has."""
    refused = nodes._Refused()
    for number in range(25_000):
        path = tmp_path / f'with "quotes",\n and {number}.png'
        refused.add(path, nodes.BadPictureError("damaged", f"{path}: the picture is damaged."))
    first, *pieces = refused.pieces()
    assert (list(first.columns), len(first)) == (["file", "reason"], 0)
    assert [len(piece) for piece in pieces] == [10_000, 10_000, 5_000]
    assert pieces[-1].iloc[-1].tolist() == [str(path), "the picture is damaged."]


def test_a_refused_file_whose_name_is_no_utf_8_has_a_row_too(data, tmp_path):
    (tmp_path / b"gr\xfc\xdfe.png".decode("utf-8", "surrogateescape")).write_text("no picture")
    _, refused = classify(data, tmp_path)
    assert len(refused) == 1


# The gallery


def reloaded(data, folder, tmp_path):
    """The predictions as the gallery gets them: from the file."""
    dataset = TableStreamDataset(filepath=str(tmp_path / "predictions.csv"))
    dataset.save([classify(data, folder)[0]])
    return dataset.load()


def shown(figure):
    """Name of the file, and answer, of each cell."""
    titles = [axes.get_title() for axes in figure.axes if axes.has_data()]
    return list(zip(titles[::2], titles[1::2], strict=True))


def test_the_gallery_shows_each_picture_what_was_seen_and_the_answer(data, folder, tmp_path):
    settings = settings_for(folder)
    figure = nodes.plot_gallery(reloaded(data, folder, tmp_path), settings)
    assert figure.get_suptitle() == "cnn: 4 of your own pictures, and what the network saw"
    assert figure.get_supxlabel() == f"Data: {folder}"
    cells = dict(shown(figure))
    assert list(cells) == ["a.png", "blank.png", "c.png", "b.jpg"]
    assert cells["blank.png"] == "no digit"
    for name in ("a.png", "c.png"):
        answer = DigitClassifier(TrainedNetworks(data)).classify(folder / name)
        read = f"{answer.digit}  {answer.confidence:.0%}"
        assert cells[name] == (read if answer.is_digit else "no digit")
    seen = figure.axes[1].images[0].get_array()
    answer = DigitClassifier(TrainedNetworks(data)).classify(folder / "a.png")
    np.testing.assert_array_equal(seen, answer.image)


def test_of_many_pictures_the_gallery_shows_as_many_as_asked_for_evenly_spread(data, tmp_path):
    folder = tmp_path / "own"
    for k in range(11):
        save_digit(folder / f"{k:02d}.png", k % 10)
    settings = settings_for(folder, gallery=3)
    figure = nodes.plot_gallery(reloaded(data, folder, tmp_path), settings)
    assert [name for name, _ in shown(figure)] == ["00.png", "05.png", "10.png"]


def test_where_no_picture_can_be_read_the_gallery_says_so_rather_than_to_fail(data, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    figure = nodes.plot_gallery(reloaded(data, tmp_path, tmp_path), settings_for(tmp_path))
    figure.savefig("/dev/null", format="png")


def test_a_file_name_with_dollars_is_drawn_as_it_is(data, tmp_path):
    save_digit(tmp_path / "own/$_$.png")
    settings = settings_for(tmp_path / "own")
    figure = nodes.plot_gallery(reloaded(data, tmp_path / "own", tmp_path), settings)
    figure.savefig("/dev/null", format="png")
