"""The scores of several families as one table."""

from typing import Any

import pandas as pd

from mnist_pipeline.families import FAMILIES


def leaderboard(metrics: list[dict[str, Any]]) -> str:
    """A row per family, classifiers by accuracy first, then the others by PSNR.

    metrics: each as in `metrics.json`. Measures that no family has are left out.
    """
    sees = {family.name: family.sees.removesuffix("_images") for family in FAMILIES}
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


def _show(metrics: dict[str, Any], name: str, form: str) -> str:
    return form.format(metrics[name]) if name in metrics else "-"
