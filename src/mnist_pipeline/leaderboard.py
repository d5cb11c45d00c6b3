"""The scores of several families as tables of text, for the terminal."""

from typing import Any

import pandas as pd

from mnist_pipeline.families import EVERY_FAMILY


def leaderboard(metrics: list[dict[str, Any]]) -> str:
    """A row per family, classifiers by accuracy first, then the others by PSNR.

    metrics: each as in `metrics.json`. Measures that no family has are left out.
    """
    sees = {family.name: family.sees.removesuffix("_images") for family in EVERY_FAMILY}
    rows = [
        {
            "family": m["family"],
            "sees": f"{sees[m['family']]} digits",
            "accuracy": _show(m, "accuracy", "{:.2%}"),
            "MSE": _show(m, "mse", "{:.5f}"),
            "PSNR before": _show(m, "input_psnr_db", "{:.2f} dB"),
            "PSNR": _show(m, "psnr_db", "{:.2f} dB"),
            "parameters": f"{m['parameters']:,}",
            "epochs": str(m["epochs_run"]),
            "training": f"{m['fit_seconds']:.0f} s",
            "test digits": f"{m['test_images']:,}",
        }
        for m in sorted(metrics, key=lambda m: (-m.get("accuracy", 0), -m.get("psnr_db", 0)))
    ]
    table = pd.DataFrame(rows)
    return table.loc[:, (table != "-").any()].to_string(index=False)


def show_noisy(metrics: dict[str, dict[str, Any]]) -> str:
    """A row per noisy family, as `noise_comparison/metrics.json` has them."""
    rows = [
        {
            "family": family,
            "distorted digits": f"{m['accuracy']:.2%}",
            "cross-validation": f"{m['cv_accuracy_mean']:.2%} ± {m['cv_accuracy_std']:.2%}",
            "folds": str(m["folds"]),
            "clean digits": f"{m['clean_accuracy']:.2%}",
            "MNIST-C": f"{m['mnist_c_accuracy']:.2%}",
            "parameters": f"{m['parameters']:,}",
            "training": f"{m['fit_seconds']:.0f} s",
        }
        for family, m in metrics.items()
    ]
    return pd.DataFrame(rows).to_string(index=False)


def show_corruptions(table: pd.DataFrame) -> str:
    """Accuracy in %, a row per corruption, a column per classifier."""
    return (
        table.set_index("distortion")
        .drop(columns="group")
        .mul(100)
        .rename_axis(None)
        .to_string(float_format="{:.1f}".format)
    )


def _show(metrics: dict[str, Any], name: str, form: str) -> str:
    return form.format(metrics[name]) if name in metrics else "-"
