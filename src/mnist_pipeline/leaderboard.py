"""The scores of several families as one table."""

from typing import Any

import pandas as pd


def leaderboard(metrics: list[dict[str, Any]]) -> str:
    """A row per family, classifiers by accuracy first, then the others by error.

    metrics: each as in `metrics.json`.
    """
    rows = [
        {
            "family": m["family"],
            "accuracy": f"{m['accuracy']:.2%}" if "accuracy" in m else "",
            "MSE": f"{m['mse']:.5f}" if "mse" in m else "",
            "PSNR": f"{m['psnr_db']:.2f} dB" if "psnr_db" in m else "",
            "parameters": f"{m['parameters']:,}",
            "epochs": m["epochs_run"],
            "training": f"{m['fit_seconds']:.0f} s",
            "test digits": f"{m['test_images']:,}",
        }
        for m in sorted(metrics, key=lambda m: (-m.get("accuracy", 0), m.get("mse", 0)))
    ]
    return pd.DataFrame(rows).to_string(index=False)
