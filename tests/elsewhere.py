"""Where this package is not installed: load `model.keras`, and let it answer `images.npy`.

Prints what the model knows of its optimizer. To be run as a module, in the folder of the files.
"""

import sys

import keras
import numpy as np

if __name__ == "__main__":
    sys.modules["mnist_pipeline"] = None  # cannot be imported
    model = keras.models.load_model("model.keras")
    if optimizer := getattr(model, "optimizer", None):
        print(optimizer.get_config())
    answers = model(np.load("images.npy"))
    named = answers if isinstance(answers, dict) else {"answers": answers}
    np.savez("answers.npz", **{name: value.numpy() for name, value in named.items()})
