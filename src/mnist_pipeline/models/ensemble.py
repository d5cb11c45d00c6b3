"""Several networks whose answers are averaged, as one network."""

from collections.abc import Sequence

from mnist_pipeline.lazy import keras


def build_ensemble(members: Sequence["keras.Model"]) -> "keras.Model":
    """The mean of what trained networks return: of their probabilities, or pixel by pixel.

    members: at least two, with the same inputs and outputs. They are used as they are, not copied,
        and get names by which one network can hold them all.
    Returns a network with as many outputs as each of them, made of Keras's layers only.
    """
    inputs = keras.Input(members[0].input_shape[1:], name="image")
    answers = []
    for number, member in enumerate(members, start=1):
        member.name = f"member_{number}"
        answer = member(inputs)
        answers.append(answer if isinstance(answer, list) else [answer])
    names = members[0].output_names
    means = [
        keras.layers.Average(name=f"mean_{name}")(of_all)
        for name, of_all in zip(names, zip(*answers, strict=True), strict=True)
    ]
    return keras.Model(inputs, means if len(means) > 1 else means[0], name="ensemble")
