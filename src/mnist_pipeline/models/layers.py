"""Which settings of layers fit the pictures, and each other."""

from collections.abc import Sequence

from mnist_pipeline.errors import UserError


def per_layer(setting: float | Sequence[float], n: int, name: str) -> list[float]:
    """One number for each of the `n` layers of `hidden_units`, from one for all or a list.

    name: of the setting, for the message.
    Raises UserError when a list has another length.
    """
    if not isinstance(setting, Sequence):
        return [setting] * n
    if len(setting) != n:
        raise UserError(
            f"model.{name} = {list(setting)} has {len(setting)} entries, but model.hidden_units "
            f"has {n}. Write one number for all layers, or one for each."
        )
    return list(setting)


def check_halvings(
    input_shape: tuple[int, ...], n: int, *, exact: bool, setting: str = "filters"
) -> None:
    """Refuse a network that halves its picture more often than it can be halved.

    input_shape: (height, width, channels) in pixels. n: how often it is halved.
    exact: whether the picture must come back in its own size, so that no half may be rounded.
    setting: which one says how often, for the message.
    Raises UserError.
    """
    height, width, _ = input_shape
    if exact and (height % 2**n or width % 2**n):
        raise UserError(
            f"model.{setting} has so many entries that the picture is halved {n} times, but "
            f"{height}x{width} pixels cannot be divided by {2**n}. Use fewer entries."
        )
    if min(height, width) < 2**n:
        raise UserError(
            f"model.{setting} has so many entries that the picture is halved {n} times, but "
            f"nothing is left of {height}x{width} pixels after that. Use fewer entries."
        )
