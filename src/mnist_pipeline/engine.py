"""The same network, faster to train on a processor (docs/decisions/0018-training-engine.md).

Keras writes batch normalisation and dropout for every backend, and on a processor they are what
training waits for. `fast_copy` puts equal layers in their place that use what TensorFlow has for
them. Networks are trained as such copies and saved as what they were: standard float32 layers.
"""

import functools
import platform
from pathlib import Path
from typing import Any, Literal

from mnist_pipeline.lazy import keras, tf

Precision = Literal["float32", "bfloat16"]

CPU_FLAGS = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def choose_precision(wanted: Literal["auto", "float32", "bfloat16"]) -> Precision:
    """What to compute in. `auto`: bfloat16 where the processor has instructions for it.

    float32 where there is a GPU.
    """
    if wanted == "auto":
        return "bfloat16" if processor_has_bfloat16() and not has_gpu() else "float32"
    return wanted


def processor_has_bfloat16() -> bool:
    """Whether the processor multiplies matrices of bfloat16. Known on Linux only, else no."""
    if not CPU_FLAGS.exists():
        return False
    return not BFLOAT16_FLAGS.isdisjoint(CPU_FLAGS.read_text().split())


def has_gpu() -> bool:
    """Whether TensorFlow computes on a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def device() -> str:
    """Where training computes, for the log."""
    if has_gpu():
        return ", ".join(device.name for device in tf.config.list_logical_devices("GPU"))
    bfloat16 = "has" if processor_has_bfloat16() else "has no"
    return f"{platform.machine()} processor, which {bfloat16} bfloat16"


def fast_copy(model: keras.Model, precision: Precision) -> keras.Model:
    """A network with the same weights in the same order, that computes the same function.

    model: made of Keras's layers. precision: of all layers but those that give the outputs, which
        stay float32. Weights are float32 in any case.
    """
    faster = _faster_layers()
    giving_outputs = set(map(id, _output_layers(model)))

    def copy_layer(layer: Any) -> Any:
        config = layer.get_config()
        kind: Any = type(layer)
        if not isinstance(layer, keras.layers.Layer):  # an operation, such as `keras.ops.clip`
            return kind.from_config(config)
        if precision == "bfloat16" and id(layer) not in giving_outputs:
            config["dtype"] = "mixed_bfloat16"
        if _is_usual(layer):
            kind = faster.get(kind, kind)
        return kind.from_config(config)

    copy = keras.models.clone_model(model, clone_function=copy_layer, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def fast_optimizer(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """An optimizer that does the same with fewer operations; any but a plain Adam as it is.

    Its variables are the same in the same order.
    """
    is_plain = type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad
    return _fused_adam().from_config(optimizer.get_config()) if is_plain else optimizer


def hand_over(copy: keras.Model, model: keras.Model) -> None:
    """Give a network the weights of its copy, and its optimizer the state of the copy's.

    Both are compiled alike, their optimizers built.
    """
    model.set_weights(copy.get_weights())
    pairs = zip(model.optimizer.variables, copy.optimizer.variables, strict=True)
    for variable, of_copy in pairs:
        variable.assign(of_copy)


def _output_layers(model: keras.Model) -> list[Any]:
    """The layers that give a network's outputs, also those of a network inside it."""
    layers = []
    for output in model.outputs:
        layer = output._keras_history.operation  # Keras has no public name for it
        layers += _output_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return layers


def _is_usual(layer: Any) -> bool:
    """Whether a layer has no option that its faster equal would not know."""
    if isinstance(layer, keras.layers.BatchNormalization):
        rank = layer.input_spec.ndim
        is_last = layer.axis in (-1, rank - 1)
        is_special = layer.renorm or layer.synchronized or not layer.trainable
        return layer.scale and layer.center and is_last and rank in (2, 4) and not is_special
    return getattr(layer, "noise_shape", None) is None


@functools.cache
def _fused_adam() -> Any:
    class FusedAdam(keras.optimizers.Adam):
        """Adam that changes a variable and its two averages in one operation instead of fifteen."""

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            kind = variable.dtype
            at = self._get_variable_index(variable)
            step = tf.cast(self.iterations + 1, kind)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[at].value.handle,
                v=self._velocities[at].value.handle,
                beta1_power=tf.pow(tf.cast(self.beta_1, kind), step),
                beta2_power=tf.pow(tf.cast(self.beta_2, kind), step),
                lr=tf.cast(learning_rate, kind),
                beta1=tf.cast(self.beta_1, kind),
                beta2=tf.cast(self.beta_2, kind),
                epsilon=tf.cast(self.epsilon, kind),
                grad=tf.cast(gradient, kind),
            )

    return FusedAdam


@functools.cache
def _faster_layers() -> dict[type, type]:
    """Keras's layers, and what takes their place. (In a function: Keras is imported late.)"""

    class FusedBatchNormalization(keras.layers.BatchNormalization):
        """Batch normalisation whose sums and gradients are one operation each."""

        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            if not training or not self.trainable or mask is not None:
                return super().call(inputs, training=training, mask=mask)
            is_flat = len(inputs.shape) == 2
            x = inputs[:, tf.newaxis, tf.newaxis, :] if is_flat else inputs
            y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=x,
                scale=tf.cast(self.gamma, tf.float32),
                offset=tf.cast(self.beta, tf.float32),
                mean=[],  # of earlier batches: not asked for in training
                variance=[],
                epsilon=self.epsilon,
            )
            n = tf.cast(tf.size(x) / x.shape[-1], tf.float32)
            variance *= (n - 1) / n  # Keras averages the variance of the batch itself
            for average, of_batch in (
                (self.moving_mean, mean),
                (self.moving_variance, variance),
            ):
                average.assign(average * self.momentum + of_batch * (1 - self.momentum))
            return y[:, 0, 0, :] if is_flat else y

    class BitDropout(keras.layers.Dropout):
        """Dropout that decides by 16 random bits instead of a random float32.

        Its rate is the nearest of 65,536; the masks are others than Keras's for the same seed.
        """

        def call(self, inputs: Any, training: bool = False) -> Any:
            if not training or self.rate == 0:
                return inputs
            shape = tf.shape(inputs)
            n = tf.reduce_prod(shape)
            pairs = tf.random.stateless_uniform(
                [(n + 1) // 2], self.seed_generator.next(), None, None, tf.int32
            )
            bits = tf.reshape(tf.reshape(tf.bitcast(pairs, tf.uint16), [-1])[:n], shape)
            is_kept = bits >= tf.constant(round(self.rate * 2**16), tf.uint16)
            return inputs * (tf.cast(is_kept, inputs.dtype) / (1 - self.rate))

    return {
        keras.layers.BatchNormalization: FusedBatchNormalization,
        keras.layers.Dropout: BitDropout,
    }
