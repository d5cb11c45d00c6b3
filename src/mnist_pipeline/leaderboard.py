"""The scores of several families side by side: as a table of numbers, and as text."""

from typing import Any

import pandas as pd

from mnist_pipeline.families import EVERY_FAMILY, FAMILIES

MEASURES = (
    *("dataset", "seed", "accuracy", "mse", "input_psnr_db", "psnr_db", "ssim"),
    *("parameters", "epochs_run", "fit_seconds", "train_images", "test_images"),
)
"""What is compared, as it is called in `metrics.json`."""

ORIGINAL_SCORES = {
    "mlp": (0.97, 0.98),
    "cnn": (0.9953, 0.9953),
    "noisy_mlp": (0.865, 0.865),
    "noisy_cnn": (0.9646, 0.9646),
    "autoencoder": (0.0052, 0.0052),
}
"""What the original systems report on MNIST, from lowest to highest: the accuracy on test digits,
and of the autoencoder the MSE on validation digits."""


def tabulate(metrics: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """A row per family: classifiers by accuracy, then the others by PSNR, then missing ones.

    metrics: family -> as in `metrics.json`; empty for a family that has not been trained.
    Returns `family, sees, judges`, and a column for each of `MEASURES`, empty where there is no
    figure.
    """
    known = {family.name: family for family in EVERY_FAMILY}
    rows = [
        {
            "family": name,
            "sees": known[name].sees.replace("_images", " digits"),
            "judges": ", ".join(known[name].judges),
            **{measure: metrics[name].get(measure) for measure in MEASURES},
        }
        for name in sorted(metrics, key=lambda name: _rank(metrics[name]))
    ]
    return pd.DataFrame(rows)


def _rank(metrics: dict[str, Any]) -> tuple[bool, float, float]:
    return not metrics, -metrics.get("accuracy", 0), -metrics.get("psnr_db", 0)


def with_missing(metrics: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same, and an empty entry for every family of the originals that is not among them."""
    return {family.name: {} for family in FAMILIES} | metrics


def show(table: pd.DataFrame) -> pd.DataFrame:
    """The same table as people read it. Measures that no family has are left out."""
    forms = {
        "accuracy": ("accuracy", "{:.2%}"),
        "mse": ("MSE", "{:.5f}"),
        "input_psnr_db": ("PSNR before", "{:.2f} dB"),
        "psnr_db": ("PSNR", "{:.2f} dB"),
        "parameters": ("parameters", "{:,.0f}"),
        "epochs_run": ("epochs", "{:.0f}"),
        "fit_seconds": ("training", "{:,.0f} s"),
        "test_images": ("test digits", "{:,.0f}"),
    }
    shown = table[["family", "sees"]].copy()
    for name, (title, form) in forms.items():
        if table[name].notna().any():
            shown[title] = [form.format(v) if pd.notna(v) else "-" for v in table[name]]
    shown.loc[table["parameters"].isna(), "sees"] = "not trained on these digits"
    return shown


def as_text(table: pd.DataFrame) -> str:
    """For the terminal."""
    return show(table).to_string(index=False)


def as_markdown(table: pd.DataFrame) -> str:
    """For documents: a table in Markdown."""
    shown = show(table)
    lines = [list(shown.columns), ["---"] * len(shown.columns), *shown.to_numpy().tolist()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def winners(table: pd.DataFrame) -> dict[str, str]:
    """Who does each task best, of those that see the same digits: task -> family.

    table: as `tabulate` returns it.
    """
    best: dict[str, str] = {}
    judged_by = {"reader": ["accuracy"], "restorer": ["psnr_db", "input_psnr_db"]}
    for task, measures in judged_by.items():
        rows = table.dropna(subset=measures).sort_values(measures[0], ascending=False)
        rows = rows.drop_duplicates("sees")
        best |= {f"{task} of {row['sees']}": row["family"] for _, row in rows.iterrows()}
    return best


def headline(metrics: dict[str, Any]) -> str:
    """The scores that matter most, in a few words."""
    scores = {
        "accuracy": f"{metrics.get('accuracy', 0):.2%} of the test digits read correctly",
        "mse": f"MSE {metrics.get('mse', 0):.5f}",
        "psnr_db": f"PSNR {metrics.get('psnr_db', 0):.2f} dB",
    }
    return ", ".join(text for name, text in scores.items() if name in metrics)


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


SEED_FORMS = {
    "accuracy": "{:.3%}",
    "loss": "{:.4f}",
    "mse": "{:.5f}",
    "psnr_db": "{:.2f} dB",
    "psnr_gain_db": "{:.2f} dB",
    "ssim": "{:.4f}",
    "fit_seconds": "{:,.0f} s",
}
"""What is shown of several seeds, and how."""


def show_seeds(ensemble: dict[str, Any]) -> str:
    """A row per score: mean and standard deviation of the networks, and the ensemble's.

    ensemble: its metrics, as `ensemble/metrics.json` has them.
    """
    networks = ensemble["of_networks"]
    rows = [
        {
            "": name,
            f"{ensemble['networks']} networks": form.format(networks[f"{name}_mean"])
            + " ± " + form.format(networks[f"{name}_std"]),
            "ensemble": form.format(ensemble[name]),
        }
        for name, form in SEED_FORMS.items()
        if f"{name}_mean" in networks
    ]  # fmt: skip
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
