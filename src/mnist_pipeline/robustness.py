"""How well finished classifiers read digits that have been spoiled, each way by itself."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from mnist_pipeline.corruptions import MNIST_C, N_MNIST
from mnist_pipeline.digits import Digits
from mnist_pipeline.distortion import Step, distort
from mnist_pipeline.preprocessing import normalize

Curves = dict[str, dict[str, list[float]]]


class Condition(NamedTuple):
    """A way of spoiling digits.

    group: `clean`, `mnist_c`, `n_mnist`, or `curve`.
    name: of the corruption, or of the distortion. setting, strength: of a curve, else "" and NaN.
    steps: what `distort` does.
    """

    group: str
    name: str
    setting: str
    strength: float
    steps: list[Step]


def conditions(curves: Curves) -> Iterator[Condition]:
    """Clean digits, every corruption of MNIST-C and n-MNIST, and every point of the curves.

    curves: {distortion: {setting: strengths}}.
    """
    yield Condition("clean", "clean", "", np.nan, [])
    for group, corruptions in (("mnist_c", MNIST_C), ("n_mnist", N_MNIST)):
        for name, steps in corruptions.items():
            yield Condition(group, name, "", np.nan, steps)
    for name, settings in curves.items():
        for setting, strengths in settings.items():
            for strength in strengths:
                yield Condition("curve", name, setting, strength, [{name: {setting: strength}}])


def measure_robustness(
    classifiers: dict[str, Any], test: Digits, curves: Curves, *, seed: int
) -> pd.DataFrame:
    """The accuracy of every classifier under every condition, on the same spoiled digits.

    classifiers: name -> Keras model that returns a probability per class, and nothing else.
    seed: of the distortions. Returns a row per classifier and condition: `family, group,
    distortion, setting, strength, accuracy` (fraction of all test digits).
    """
    from mnist_pipeline.fitting import predict  # imports TensorFlow: not before it is needed

    every = list(conditions(curves))
    rows = []
    # `disable=None`: no bar when the output is not a terminal.
    for condition in tqdm(every, "reading spoiled digits", leave=False, disable=None):
        images = normalize(distort(test.images, condition.steps, seed=seed))
        for family, model in classifiers.items():
            read = predict(model, images)[0].argmax(axis=1)
            rows.append((family, *condition[:-1], float(np.mean(read == test.labels))))
    columns = ["family", "group", "distortion", "setting", "strength", "accuracy"]
    return pd.DataFrame(rows, columns=columns)
