import pandas as pd

from mnist_pipeline.datasets import ParquetDataset


def test_the_preview_is_the_first_rows(tmp_path):
    dataset = ParquetDataset(filepath=str(tmp_path / "table.parquet"))
    table = pd.DataFrame({"label": range(30), "p0": [0.5] * 30})
    dataset.save(table)
    preview = dataset.preview()
    assert preview["columns"] == ["label", "p0"]
    assert preview["data"] == [[n, 0.5] for n in range(10)]
    assert len(dataset.preview(nrows=50)["data"]) == 30
