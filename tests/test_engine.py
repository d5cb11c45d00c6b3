import numpy as np
import pytest

from mnist_pipeline import engine
from mnist_pipeline.engine import choose_precision, fast_copy, hand_over
from mnist_pipeline.families import EVERY_FAMILY
from mnist_pipeline.lazy import keras, tf
from tests.conftest import load_parameters

SHAPES = {"one_hot_labels": (10,)}


def build(family, **changes):
    keras.utils.set_random_seed(1)
    shapes = [SHAPES.get(thing, (28, 28, 1)) for thing in family.returns]
    settings = load_parameters()[family.name]["model"] | changes
    return family.build((28, 28, 1), *shapes, **settings)


def images(n=8):
    return np.random.default_rng(0).random((n, 28, 28, 1), dtype=np.float32)


@pytest.fixture
def normalized_and_dropped():
    """A small network of the layers that have a faster equal, flat and as pictures."""
    keras.utils.set_random_seed(1)
    inputs = x = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(3, 3, activation="relu")(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.Dropout(0.3)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(5)(x)
    x = keras.layers.BatchNormalization(momentum=0.8, epsilon=0.01)(x)
    outputs = keras.layers.Dense(4, activation="softmax")(x)
    return keras.Model(inputs, outputs)


OTHER_SETTINGS = [
    ("autoencoder", {"batch_normalization": True, "dropout": 0.1}),  # in networks inside it
    ("enhancement", {"residual": True}),  # operations that are no layers
]


@pytest.mark.parametrize(
    ("name", "changes"), [*((family.name, {}) for family in EVERY_FAMILY), *OTHER_SETTINGS]
)
def test_a_copy_computes_what_the_network_computes(name, changes):
    (family,) = (family for family in EVERY_FAMILY if family.name == name)
    model = build(family, **changes)
    random = np.random.default_rng(0)  # fresh averages, gains and shifts could be exchanged
    model.set_weights([w + random.uniform(0.01, 0.1, w.shape) for w in model.get_weights()])
    copy = fast_copy(model, "float32")
    ours, theirs = (network.predict_on_batch(images()) for network in (copy, model))
    for one, other in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_copy_leaves_no_slow_layer(normalized_and_dropped):
    copy = fast_copy(normalized_and_dropped, "float32")
    kinds = [type(layer).__name__ for layer in copy.layers]
    assert kinds.count("FusedBatchNormalization") == 2
    assert kinds.count("BitDropout") == 1
    assert "BatchNormalization" not in kinds
    assert "Dropout" not in kinds


def test_gradients_and_averages_are_those_of_the_layers_of_keras(normalized_and_dropped):
    model = normalized_and_dropped
    model.layers[3].rate = 0  # masks of Keras are others for the same seed
    copy = fast_copy(model, "float32")
    x = tf.random.stateless_normal((16, 6, 6, 2), [1, 2], stddev=3.0, mean=1.0)
    results = []
    for network in (model, copy):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(network(x, training=True)[:, :2] ** 2)
        trained = [v.value for v in network.trainable_variables]
        results.append([*tape.gradient(loss, [*trained, x]), *network.get_weights()])
    for of_keras, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, of_keras, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rate", [0.25, 0.3, 0.5])
def test_dropout_drops_its_rate_and_keeps_the_mean(rate):
    inputs = keras.Input((1001,))  # an odd number: bits come in pairs
    model = keras.Model(inputs, keras.layers.Dropout(rate)(inputs))
    dropout = fast_copy(model, "float32")
    ones = tf.ones((1000, 1001))
    first, second = (dropout(ones, training=True).numpy() for _ in range(2))
    np.testing.assert_allclose(np.unique(first), [0, 1 / (1 - rate)], rtol=1e-6)
    assert np.mean(first == 0) == pytest.approx(rate, abs=0.003)  # 6 standard deviations
    both = np.mean((first == 0) & (second == 0))
    assert both == pytest.approx(rate**2, abs=0.003)  # every batch has a mask of its own
    np.testing.assert_array_equal(dropout(ones, training=False), ones)


def test_what_a_faster_layer_does_not_know_is_left_to_keras():
    inputs = x = keras.Input((6, 6, 2))
    x = keras.layers.BatchNormalization(axis=1)(x)
    x = keras.layers.BatchNormalization(scale=False)(x)
    x = keras.layers.BatchNormalization(trainable=False)(x)
    x = keras.layers.Dropout(0.5, noise_shape=(None, 1, 1, 2))(x)
    kinds = [type(layer) for layer in fast_copy(keras.Model(inputs, x), "float32").layers[1:]]
    assert kinds == [keras.layers.BatchNormalization] * 3 + [keras.layers.Dropout]


@pytest.mark.parametrize("family", EVERY_FAMILY, ids=lambda family: family.name)
def test_in_bfloat16_weights_and_outputs_stay_float32(family):
    copy = fast_copy(build(family), "bfloat16")
    assert {variable.dtype for variable in copy.weights} == {"float32"}
    assert {output.dtype for output in copy.outputs} == {"float32"}
    policies = {layer.compute_dtype for layer in copy._flatten_layers() if layer.weights}
    assert "bfloat16" in policies


def test_a_network_has_the_weights_and_the_optimizer_of_its_copy(normalized_and_dropped, tmp_path):
    model = normalized_and_dropped
    copy = fast_copy(model, "float32")
    for network in (model, copy):
        network.compile("adam", "categorical_crossentropy")
        network.optimizer.build(network.trainable_variables)
    x = tf.random.stateless_normal((16, 6, 6, 2), [1, 2])
    copy.fit(x, tf.one_hot(tf.range(16) % 4, 4), verbose=0)
    hand_over(copy, model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.layers[2]) is keras.layers.BatchNormalization
    np.testing.assert_array_equal(loaded(x), copy(x))
    for ours, theirs in (
        (loaded.get_weights(), copy.get_weights()),
        (loaded.optimizer.variables, copy.optimizer.variables),
    ):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)
    assert int(loaded.optimizer.iterations) == 1


@pytest.mark.parametrize(
    ("flags", "chosen"),
    [
        ("flags : fpu avx2 avx512_bf16", "bfloat16"),
        ("flags : amx_bf16 amx_tile", "bfloat16"),
        ("flags : fpu avx2 avx512f", "float32"),
        (None, "float32"),  # another system than Linux
    ],
)
def test_bfloat16_is_chosen_where_the_processor_has_it(flags, chosen, tmp_path, monkeypatch):
    path = tmp_path / "cpuinfo"
    if flags:
        path.write_text(flags)
    monkeypatch.setattr(engine, "CPU_FLAGS", path)
    monkeypatch.setattr(engine, "has_gpu", lambda: False)
    assert choose_precision("auto") == chosen
    assert choose_precision("float32") == "float32"
    assert choose_precision("bfloat16") == "bfloat16"


@pytest.mark.parametrize("rate", [0.003, "decay"])
def test_the_fast_adam_takes_the_same_steps(rate):
    if rate == "decay":
        rate = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=5)
    theirs = keras.optimizers.Adam(rate, beta_1=0.8, epsilon=1e-5)
    ours = engine.fast_optimizer(keras.optimizers.Adam(rate, beta_1=0.8, epsilon=1e-5))
    assert type(ours) is not type(theirs)
    random = np.random.default_rng(0)
    pairs = []
    for optimizer in (ours, theirs):
        variables = [keras.Variable(random.random(shape)) for shape in ((3, 4), (5,))]
        optimizer.build(variables)
        pairs.append(variables)
    for one, other in zip(*pairs, strict=True):
        other.assign(one)
    for _ in range(4):
        gradients = [tf.constant(random.normal(size=v.shape), tf.float32) for v in pairs[0]]
        for optimizer, variables in zip((ours, theirs), pairs, strict=True):
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
    for one, other in zip(
        [*pairs[0], *ours.variables], [*pairs[1], *theirs.variables], strict=True
    ):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=2e-6, atol=1e-7)


def test_an_optimizer_that_has_no_faster_equal_stays():
    for optimizer in (keras.optimizers.RMSprop(), keras.optimizers.Adam(amsgrad=True)):
        assert engine.fast_optimizer(optimizer) is optimizer
