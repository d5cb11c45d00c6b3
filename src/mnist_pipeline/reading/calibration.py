"""Probabilities that mean what they say: temperature scaling.

A network trained to the end is surer than it is right. Dividing its logits by one number, the
temperature that makes held-out digits most probable, mends that and changes no answer (Guo et al.
2017, https://arxiv.org/abs/1706.04599).
"""

import numpy as np

TEMPERATURES = (0.05, 20.0)
"""Where the best one is looked for."""


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature under which the labels are most probable.

    probabilities: float (n, classes), softmax of digits that the network was not trained on.
    labels: integers (n,).
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        softened = soften(probabilities, np.exp(log_temperature))
        of_true_class = softened[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(of_true_class, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded").x))


def soften(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities under another temperature: above 1 they are less sure, below 1 surer.

    probabilities: float (n, classes), each row a softmax. Returns float64 of the same shape.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
