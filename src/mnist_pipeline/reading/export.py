"""Networks for other programs: ONNX, LiteRT (`.tflite`) and TensorFlow's SavedModel."""

import logging
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_pipeline.datasets import DigitsDataset
from mnist_pipeline.errors import UserError
from mnist_pipeline.lazy import silent_stderr, tf
from mnist_pipeline.preprocessing import normalize
from mnist_pipeline.trained_networks import TrainedNetworks

KERAS_NAMES = {"onnx": "onnx", "tflite": "litert", "saved_model": "tf_saved_model"}
"""What Keras calls the formats."""

TOLERANCE = 1e-3
"""Answers may differ by so much: other libraries add up in another order."""

SINGLE_IMAGES = 300
BATCH_SIZE = 500

Run = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Exported:
    """What was written, and how it compares with the Keras model.

    size_bytes: of the file or folder. images: how many test digits both have seen.
    largest_difference: between two values of their answers. single_image_ms: median time for one.
    """

    path: Path
    size_bytes: int
    images: int
    largest_difference: float
    single_image_ms: float


def export_network(networks: TrainedNetworks, name: str, style: str, target: Path) -> Exported:
    """Write the newest network of a family in another format, and check it on every test digit.

    style: `onnx`, `tflite` or `saved_model`. Nothing is written unless the answers are the same.
    Raises UserError if the network is not trained, the target exists, no run has kept its test
    digits, or the exported network answers differently.
    """
    if target.exists():
        raise UserError(f"{target} exists already. Name another: --output PATH")
    model = networks.load(name)
    inputs = normalize(_test_images(networks))

    def ours(x: np.ndarray) -> np.ndarray:
        return np.asarray(model(x, training=False))

    ours(inputs[:1])  # Keras exports only models that have been called
    with tempfile.TemporaryDirectory() as folder:
        unchecked = Path(folder, f"network{'' if style == 'saved_model' else f'.{style}'}")
        _export(model, unchecked, KERAS_NAMES[style])
        run = RUNNERS[style](unchecked)
        difference = _largest_difference(
            lambda x: np.asarray(model(x, training=False)), run, inputs
        )
        if difference > TOLERANCE:
            raise UserError(
                f"The {style} of {name} differs from the Keras model by {difference:.2g} on test "
                "digits, so it was not written. Another --format may do."
            )
        exported = Exported(
            target, _size_bytes(unchecked), len(inputs), difference, _single_image_ms(run, inputs)
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(unchecked, target)
    return exported


def _test_images(networks: TrainedNetworks) -> np.ndarray:
    newest = max(
        (networks.folder / "02_intermediate/test_digits.npz").glob("*/*.npz"), default=None
    )
    if newest is None:
        raise UserError(
            f"There are no test digits in {networks.folder} to check the exported network on. Run "
            "any pipeline that reads them first: kedro run --pipeline=ingestion"
        )
    images: np.ndarray = DigitsDataset(filepath=str(newest)).load().images
    return images


def _export(model: Any, path: Path, keras_name: str) -> None:
    """Without the greetings of the converters."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with silent_stderr():
        model.export(path, format=keras_name, verbose=False)


def _largest_difference(ours: Run, theirs: Run, inputs: np.ndarray) -> float:
    differences = [
        np.abs(ours(inputs[at : at + BATCH_SIZE]) - theirs(inputs[at : at + BATCH_SIZE])).max()
        for at in range(0, len(inputs), BATCH_SIZE)
    ]
    return float(max(differences))


def _single_image_ms(run: Run, inputs: np.ndarray) -> float:
    run(inputs[:1])
    seconds = []
    for at in range(min(SINGLE_IMAGES, len(inputs))):
        start = time.perf_counter()
        run(inputs[at : at + 1])
        seconds.append(time.perf_counter() - start)
    return float(1000 * np.median(seconds))


def _size_bytes(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _run_onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: np.asarray(session.run(None, {name: x})[0])


def _run_litert(path: Path) -> Run:
    with (
        silent_stderr(),
        warnings.catch_warnings(),
    ):  # its successor, ai-edge-litert, cannot be installed here
        warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(str(path))
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    shape: tuple[int, ...] | None = None

    def run(x: np.ndarray) -> np.ndarray:
        nonlocal shape
        if x.shape != shape:
            shape = x.shape
            interpreter.resize_tensor_input(taken["index"], shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], x)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(given["index"]))

    return run


def _run_saved_model(path: Path) -> Run:
    loaded = tf.saved_model.load(str(path))
    return lambda x: np.asarray(loaded.serve(x))


RUNNERS: dict[str, Callable[[Path], Run]] = {
    "onnx": _run_onnx,
    "tflite": _run_litert,
    "saved_model": _run_saved_model,
}
