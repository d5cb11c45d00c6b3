import tracemalloc

import numpy as np
import pandas as pd
import pytest
from kedro.io import Version

from mnist_pipeline.datasets import TableStreamDataset
from mnist_pipeline.errors import BadFileError

OLD, NEW = "2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"


def pieces(n_rows, size):
    for start in range(0, n_rows, size):
        numbers = np.arange(start, min(start + size, n_rows))
        yield pd.DataFrame({"file": [f"ä, {n}.png" for n in numbers], "p0": numbers / 8})


def versioned(tmp_path, save=None):
    version = Version(None, save)
    return TableStreamDataset(filepath=str(tmp_path / "table.csv"), version=version)


def test_pieces_come_back_as_they_were_saved(tmp_path):
    dataset = TableStreamDataset(filepath=str(tmp_path / "deep/table.csv"))
    dataset.save(pieces(25, 10))
    loaded = pd.concat(dataset.load())
    pd.testing.assert_frame_equal(loaded, pd.concat(pieces(25, 10), ignore_index=True))
    assert (tmp_path / "deep/table.csv").read_text().count("file,p0") == 1


def test_a_long_table_is_loaded_some_rows_at_a_time(tmp_path):
    dataset = TableStreamDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(pieces(25_000, 4_000))
    assert [len(piece) for piece in dataset.load()] == [10_000, 10_000, 5_000]


def test_a_first_piece_without_rows_gives_the_columns(tmp_path):
    dataset = TableStreamDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save([pd.DataFrame(columns=["file", "p0"]), *pieces(3, 3)])
    assert len(pd.concat(dataset.load())) == 3
    dataset.save([pd.DataFrame(columns=["file", "p0"])])
    (piece,) = dataset.load()
    assert (list(piece.columns), len(piece)) == (["file", "p0"], 0)


def test_pieces_are_written_one_by_one(tmp_path):
    """Forty times a megabyte needs less memory than three."""

    def many():
        for _ in range(40):
            yield pd.DataFrame({"text": ["x" * 1000] * 1000})

    tracemalloc.start()
    TableStreamDataset(filepath=str(tmp_path / "table.csv")).save(many())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "table.csv").stat().st_size > 40e6
    assert peak < 10e6


def test_a_save_that_breaks_off_leaves_the_older_version_the_newest(tmp_path):
    def broken():
        yield from pieces(10, 10)
        raise RuntimeError("the power is out")

    versioned(tmp_path, OLD).save(pieces(3, 3))
    with pytest.raises(Exception, match="the power is out"):
        versioned(tmp_path, NEW).save(broken())
    assert len(pd.concat(versioned(tmp_path).load())) == 3
    assert not (tmp_path / "table.csv" / NEW / "table.csv").exists()


def test_the_newest_version_is_loaded(tmp_path):
    versioned(tmp_path, OLD).save(pieces(3, 3))
    versioned(tmp_path, NEW).save(pieces(5, 3))
    assert len(pd.concat(versioned(tmp_path).load())) == 5


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadFileError, match=r"table\.csv: there is no such file"):
        TableStreamDataset(filepath=str(tmp_path / "table.csv")).load()


def test_the_preview_is_the_first_rows(tmp_path):
    dataset = TableStreamDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(pieces(25, 10))
    preview = dataset.preview()
    assert preview["columns"] == ["file", "p0"]
    assert preview["data"] == [[f"ä, {n}.png", n / 8] for n in range(10)]
