"""MLflow: the one place that knows it.

Every `kedro run` becomes a parent run, and every family in it a child run, so that families can be
compared whether they were run together or one by one; so does every trial of a search, and every
network of several seeds, whose average is with the parent (`ensemble.json`). What is
logged is what the catalog saves, and what the log says of each epoch; nodes know nothing of it.
Families use the same names:

- metrics `1_test/...` (scores) and `2_cost/...` (time and size), numbered because MLflow's sections
  are in alphabetical order; `cv/...` (cross-validation, `cv/accuracy` per fold), `fit/...` (per
  epoch), `more/...` (other scores), `per_class_accuracy/...` and the like, `validation/...` (what
  networks were chosen by)
- parameters `model.*`, `training.*`, `data.*`, `digits.*` (how many), `seed`
- artifacts `pictures/`, `summaries/`, `metrics.json`; the pictures that people want first are
  images of the run; and the model with its signature, an example and what it needs
- in the registry `mnist-<family>`, a version per run; the best one of a data set by validation has
  the alias `best-<data set>`, as in `models:/mnist-cnn@best-mnist`

The tag `kedro_version` of a run is the version under which the catalog saved its artifacts, and
`repeat` the command that does it again (`kedro repeat`).
"""

from mnist_pipeline.tracking.hooks import MLflowTracking

__all__ = ["MLflowTracking"]
