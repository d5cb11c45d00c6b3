"""Arrays in, Figure out. Nothing here reads or writes files.

Every picture says what it shows, of which network and of which data set. Colours are those of
Okabe and Ito (2008), which colour-blind readers can tell apart; where two meet, shape, hatching
or line style tells them apart in grey too.
"""

from mnist_pipeline.plots.classifiers import (
    confidence_distribution,
    confusion_matrix,
    examples,
    per_class_accuracy,
    probability_bars,
    refusals,
    reliability_diagram,
)
from mnist_pipeline.plots.comparison import (
    leaderboard,
    page,
)
from mnist_pipeline.plots.digits import (
    class_distribution,
    gallery,
    picture_rows,
    picture_strips,
    samples,
)
from mnist_pipeline.plots.explanation import (
    explanations,
    latent_map,
)
from mnist_pipeline.plots.robustness import (
    corruption_name,
    corruption_table,
    noise_comparison,
    strength_curves,
)
from mnist_pipeline.plots.search import (
    tuning_search,
)
from mnist_pipeline.plots.training import (
    folds,
    learning_curves,
    seeds,
)

__all__ = [
    "class_distribution",
    "confidence_distribution",
    "confusion_matrix",
    "corruption_name",
    "corruption_table",
    "examples",
    "explanations",
    "folds",
    "gallery",
    "latent_map",
    "leaderboard",
    "learning_curves",
    "noise_comparison",
    "page",
    "per_class_accuracy",
    "picture_rows",
    "picture_strips",
    "probability_bars",
    "refusals",
    "reliability_diagram",
    "samples",
    "seeds",
    "strength_curves",
    "tuning_search",
]
