import numpy as np
import pandas as pd
import pytest

from mnist_pipeline.errors import UserError
from mnist_pipeline.families import FAMILIES
from mnist_pipeline.pipelines.training.nodes import train_model


def test_a_split_of_other_data_is_refused():
    split = pd.DataFrame({"label": [1, 2], "part": ["train", "validation"]})
    images = np.zeros((3, 28, 28, 1), np.float32)
    with pytest.raises(UserError, match=r"split is of 2 digits, but there are 3.*--pipeline=mlp"):
        train_model(split, {}, None, 0, images, images, family=FAMILIES[0])
