from mnist_pipeline.datasets import TextDataset
from mnist_pipeline.datasets.preview import TextPreview


def test_the_preview_is_the_text_in_a_type_that_kedro_viz_knows(tmp_path):
    dataset = TextDataset(filepath=str(tmp_path / "summary.txt"))
    dataset.save("max_pooling2d_2 <b>\n")
    assert dataset.preview() == "max_pooling2d_2 <b>\n"
    assert TextDataset.preview.__annotations__["return"] is TextPreview
    assert TextPreview.__name__ == "TextPreview"
