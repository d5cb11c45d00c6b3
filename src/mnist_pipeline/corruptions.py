"""Published ways of spoiling digits, under their published names, as chains of distortions.

MNIST-C: Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision" (2019,
arXiv:1906.02337): fifteen corruptions, each at the severity that its authors chose. The functions
behind them are written anew from the paper's settings; random numbers differ from those in the
published files, so scores agree with published ones within what chance allows, not digit by digit.
The degrees of `shear` and `rotate` are 0.4 radians.

n-MNIST: Basu et al., "Learning Sparse Feature Representations using Probabilistic Quadtrees and
Deep Belief Nets" (2015, arXiv:1509.03413): white noise at a signal-to-noise ratio of 9.5 dB, motion
blur of 5 pixels at 15 degrees, half the contrast with noise at 12 dB. The ratio is taken to a
signal of power 1 (white), as MATLAB's `awgn` does unless told otherwise: std = 10^(-dB / 20).
"""

import math
from typing import Any

Chain = list[Any]

MNIST_C: dict[str, Chain] = {
    "shot_noise": [{"poisson_noise": {"peak": 3}}],
    "impulse_noise": [{"salt_and_pepper": {"amount": 0.17}}],
    "glass_blur": [{"glass_blur": {"sigma_px": 0.7, "reach_px": 1, "passes": 2}}],
    "motion_blur": [{"motion_blur": {"radius_px": 10, "sigma_px": 3, "max_angle_degrees": 45}}],
    "shear": [{"shear": {"degrees": math.degrees(0.4)}}],
    "scale": [{"scale": {"factor": 0.7}}],
    "rotate": [{"rotate": {"degrees": math.degrees(0.4)}}],
    "brightness": [{"brightness": {"added": 0.5}}],
    "translate": [{"translate": {"shift_px": 3}}],
    "stripe": [{"stripe": {"width_px": 7}}],
    "fog": [{"fog": {"thickness": 3, "decay": 1.4}}],
    "spatter": [
        {
            "spatter": {
                "mean": 0.65, "std": 0.3, "sigma_px": 1, "threshold": 0.65, "softness_px": 1.5,
                "grey": 63 / 255,
            }
        }
    ],
    "dotted_line": [{"dotted_line": {"dot_px": 2}}],
    "zigzag": [{"zigzag": {"length_px": 2, "height_px": 2}}],
    "canny_edges": [{"canny_edges": {"sigma_px": 1}}],
}  # fmt: skip

N_MNIST: dict[str, Chain] = {
    "awgn": [{"gaussian_noise": {"std": 10 ** (-9.5 / 20)}}],
    "linear_motion_blur": [{"linear_blur": {"length_px": 5, "angle_degrees": 15}}],
    "reduced_contrast_and_awgn": [
        {"contrast": {"factor": 0.5}},
        {"gaussian_noise": {"std": 10 ** (-12 / 20)}},
    ],
}

CORRUPTIONS = MNIST_C | N_MNIST
