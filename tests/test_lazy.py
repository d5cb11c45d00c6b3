import json
import os
import subprocess
import sys

CODE = """
from mnist_pipeline.lazy import keras
import sys
assert "keras" not in sys.modules and "tensorflow" not in sys.modules
model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3)])
print(keras.backend.backend(), model.output_shape, model.dtype)
"""


def test_keras_is_imported_at_first_use_on_tensorflow_and_says_nothing(tmp_path):
    """Also where somebody has set Keras up for something else."""
    hostile = {"backend": "torch", "image_data_format": "channels_first", "floatx": "float64"}
    (tmp_path / "keras.json").write_text(json.dumps(hostile))
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True,
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == "tensorflow (None, 2, 2, 2) float32"
    assert done.stderr == ""
