"""How people write: digits and letters as pen strokes, with a person's variation.

A shape is a tuple of strokes, a stroke a tuple of (x, y) control points in the unit square,
x to the right and y downwards. The pen runs through the points on a Catmull-Rom curve; a point
given twice in succession is a sharp corner.
"""

import numpy as np

Point = tuple[float, float]
Stroke = tuple[Point, ...]
Shape = tuple[Stroke, ...]

# In degrees, unless said otherwise; lengths are parts of the shape's height.
SLANT_SD = 7.0
SLANT_MOST = 18.0
ROTATION_SD = 4.0
ROTATION_MOST = 10.0
ASPECT_LEAST, ASPECT_MOST = 0.8, 1.2  # factor on the width
WOBBLE_SD = 0.02  # of each control point
TREMOR_SD = 0.003
TREMOR_CYCLES = (1.0, 4.0)  # per unit of length
END_SD = 0.02  # by which a stroke's end is over- or undershot
END_MOST = 0.05
SPACING = 0.005  # between the samples of a stroke

DIGITS: dict[int, tuple[Shape, ...]] = {
    0: (
        (  # round
            (
                (0.54, 0.03), (0.30, 0.09), (0.16, 0.33), (0.16, 0.66), (0.32, 0.93),
                (0.56, 0.97), (0.78, 0.82), (0.85, 0.50), (0.76, 0.18), (0.52, 0.03),
            ),
        ),
        (  # narrow
            (
                (0.52, 0.02), (0.36, 0.12), (0.28, 0.40), (0.29, 0.72), (0.42, 0.96),
                (0.58, 0.95), (0.70, 0.72), (0.71, 0.38), (0.63, 0.10), (0.49, 0.02),
            ),
        ),
        (  # the pen meets its beginning late and runs on
            (
                (0.64, 0.10), (0.42, 0.04), (0.24, 0.24), (0.18, 0.58), (0.32, 0.91),
                (0.56, 0.97), (0.76, 0.76), (0.80, 0.40), (0.68, 0.12), (0.48, 0.02),
                (0.36, 0.06),
            ),
        ),
        (  # begun at the right
            (
                (0.70, 0.16), (0.50, 0.02), (0.28, 0.16), (0.18, 0.52), (0.28, 0.88),
                (0.50, 0.98), (0.71, 0.82), (0.79, 0.48), (0.71, 0.16), (0.62, 0.06),
            ),
        ),
    ),
    1: (
        (((0.50, 0.00), (0.50, 0.50), (0.50, 1.00)),),  # plain
        (((0.34, 0.22), (0.54, 0.00), (0.54, 0.00), (0.54, 0.50), (0.54, 1.00)),),  # flag
        (  # longer, curved flag
            (
                (0.26, 0.28), (0.42, 0.17), (0.55, 0.00), (0.55, 0.00), (0.54, 0.50),
                (0.53, 1.00),
            ),
        ),
        (  # flag and foot
            ((0.34, 0.20), (0.53, 0.00), (0.53, 0.00), (0.53, 0.50), (0.53, 1.00)),
            ((0.30, 1.00), (0.76, 0.99)),
        ),
    ),
    2: (
        (  # no loop
            (
                (0.20, 0.24), (0.32, 0.06), (0.54, 0.01), (0.75, 0.12), (0.76, 0.34),
                (0.58, 0.62), (0.38, 0.80), (0.18, 0.98), (0.18, 0.98), (0.50, 0.97),
                (0.84, 0.97),
            ),
        ),
        (  # loop at the foot
            (
                (0.20, 0.22), (0.36, 0.05), (0.60, 0.03), (0.76, 0.20), (0.70, 0.46),
                (0.50, 0.74), (0.30, 0.94), (0.16, 0.95), (0.15, 0.83), (0.30, 0.80),
                (0.50, 0.91), (0.70, 0.97), (0.88, 0.90),
            ),
        ),
        (  # angular
            (
                (0.20, 0.20), (0.38, 0.03), (0.64, 0.03), (0.76, 0.20), (0.68, 0.40),
                (0.42, 0.70), (0.18, 0.96), (0.18, 0.96), (0.82, 0.96),
            ),
        ),
        (  # swan
            (
                (0.20, 0.26), (0.34, 0.06), (0.58, 0.03), (0.74, 0.18), (0.70, 0.42),
                (0.48, 0.70), (0.20, 0.95), (0.20, 0.95), (0.40, 0.88), (0.62, 0.96),
                (0.84, 0.93),
            ),
        ),
    ),
    3: (
        (  # round
            (
                (0.22, 0.16), (0.38, 0.03), (0.60, 0.03), (0.74, 0.18), (0.67, 0.37),
                (0.42, 0.47), (0.42, 0.47), (0.68, 0.54), (0.80, 0.74), (0.66, 0.94),
                (0.42, 0.99), (0.18, 0.87),
            ),
        ),
        (  # flat top
            (
                (0.22, 0.04), (0.76, 0.03), (0.76, 0.03), (0.44, 0.42), (0.44, 0.42),
                (0.68, 0.47), (0.80, 0.67), (0.70, 0.89), (0.48, 0.98), (0.20, 0.89),
            ),
        ),
        (  # small loop in the middle
            (
                (0.22, 0.13), (0.42, 0.02), (0.66, 0.06), (0.73, 0.23), (0.60, 0.41),
                (0.42, 0.50), (0.36, 0.46), (0.44, 0.42), (0.66, 0.51), (0.79, 0.70),
                (0.70, 0.92), (0.46, 0.99), (0.20, 0.91),
            ),
        ),
        (  # two arcs, wide below
            (
                (0.24, 0.11), (0.46, 0.02), (0.68, 0.10), (0.68, 0.30), (0.48, 0.45),
                (0.48, 0.45), (0.74, 0.52), (0.84, 0.72), (0.72, 0.93), (0.44, 0.98),
                (0.16, 0.84),
            ),
        ),
    ),
    4: (
        (  # open, with a corner
            ((0.28, 0.04), (0.23, 0.34), (0.18, 0.62), (0.18, 0.62), (0.50, 0.61), (0.86, 0.58)),
            ((0.66, 0.20), (0.64, 0.60), (0.62, 1.00)),
        ),
        (  # closed, two strokes
            ((0.62, 0.02), (0.40, 0.34), (0.14, 0.67), (0.14, 0.67), (0.50, 0.67), (0.88, 0.66)),
            ((0.62, 0.02), (0.62, 0.50), (0.62, 1.00)),
        ),
        (  # closed, one stroke
            (
                (0.14, 0.66), (0.90, 0.66), (0.90, 0.66), (0.14, 0.66), (0.14, 0.66),
                (0.40, 0.34), (0.64, 0.02), (0.64, 0.02), (0.64, 0.50), (0.63, 1.00),
            ),
        ),
        (  # open, long right stroke
            ((0.24, 0.06), (0.20, 0.32), (0.16, 0.56), (0.16, 0.56), (0.50, 0.56), (0.84, 0.54)),
            ((0.72, 0.02), (0.68, 0.50), (0.64, 1.00)),
        ),
    ),
    5: (
        (  # bar drawn separately
            (
                (0.30, 0.05), (0.26, 0.24), (0.24, 0.46), (0.24, 0.46), (0.46, 0.38),
                (0.70, 0.47), (0.78, 0.68), (0.66, 0.90), (0.42, 0.99), (0.18, 0.91),
            ),
            ((0.31, 0.05), (0.78, 0.02)),
        ),
        (  # one stroke
            (
                (0.76, 0.03), (0.34, 0.04), (0.34, 0.04), (0.30, 0.25), (0.25, 0.46),
                (0.25, 0.46), (0.50, 0.39), (0.74, 0.50), (0.78, 0.72), (0.64, 0.92),
                (0.42, 0.99), (0.18, 0.89),
            ),
        ),
        (  # bar slightly detached
            (
                (0.29, 0.10), (0.26, 0.28), (0.24, 0.47), (0.24, 0.47), (0.48, 0.40),
                (0.72, 0.52), (0.76, 0.74), (0.62, 0.93), (0.38, 0.99), (0.17, 0.90),
            ),
            ((0.36, 0.04), (0.82, 0.00)),
        ),
        (  # one stroke, low belly
            (
                (0.80, 0.06), (0.56, 0.03), (0.32, 0.05), (0.32, 0.05), (0.28, 0.24),
                (0.26, 0.42), (0.26, 0.42), (0.54, 0.40), (0.76, 0.54), (0.76, 0.78),
                (0.58, 0.95), (0.34, 0.98), (0.16, 0.92),
            ),
        ),
    ),
    6: (
        (  # straight
            (
                (0.62, 0.02), (0.42, 0.24), (0.26, 0.50), (0.20, 0.76), (0.34, 0.96),
                (0.58, 0.97), (0.76, 0.80), (0.70, 0.59), (0.50, 0.52), (0.32, 0.60),
                (0.22, 0.74),
            ),
        ),
        (  # curled top
            (
                (0.72, 0.10), (0.58, 0.02), (0.41, 0.11), (0.26, 0.37), (0.19, 0.66),
                (0.30, 0.92), (0.54, 0.98), (0.75, 0.84), (0.74, 0.63), (0.54, 0.53),
                (0.33, 0.60), (0.21, 0.76),
            ),
        ),
        (  # the bowl ends inside
            (
                (0.56, 0.00), (0.34, 0.32), (0.20, 0.66), (0.28, 0.92), (0.50, 0.99),
                (0.72, 0.89), (0.74, 0.69), (0.57, 0.57), (0.38, 0.63), (0.28, 0.76),
            ),
        ),
        (  # upright
            (
                (0.40, 0.00), (0.28, 0.36), (0.22, 0.70), (0.34, 0.95), (0.56, 0.97),
                (0.74, 0.82), (0.70, 0.62), (0.50, 0.54), (0.32, 0.62), (0.22, 0.76),
            ),
        ),
    ),
    7: (
        (((0.18, 0.05), (0.80, 0.03), (0.80, 0.03), (0.58, 0.45), (0.44, 1.00)),),  # plain
        (  # crossbar
            ((0.18, 0.05), (0.80, 0.03), (0.80, 0.03), (0.60, 0.45), (0.44, 1.00)),
            ((0.36, 0.52), (0.78, 0.49)),
        ),
        (  # small serif
            (
                (0.16, 0.20), (0.19, 0.05), (0.19, 0.05), (0.82, 0.04), (0.82, 0.04),
                (0.60, 0.46), (0.48, 1.00),
            ),
        ),
        (  # curved
            (
                (0.16, 0.09), (0.40, 0.04), (0.82, 0.05), (0.82, 0.05), (0.64, 0.34),
                (0.51, 0.66), (0.47, 1.00),
            ),
        ),
        (  # small serif and crossbar
            (
                (0.15, 0.18), (0.18, 0.06), (0.18, 0.06), (0.80, 0.05), (0.80, 0.05),
                (0.60, 0.46), (0.46, 1.00),
            ),
            ((0.34, 0.53), (0.76, 0.51)),
        ),
    ),
    8: (
        (  # one stroke from the top right
            (
                (0.70, 0.11), (0.50, 0.01), (0.30, 0.10), (0.29, 0.30), (0.50, 0.46),
                (0.72, 0.62), (0.76, 0.84), (0.54, 0.98), (0.28, 0.91), (0.25, 0.68),
                (0.48, 0.47), (0.69, 0.30), (0.71, 0.12), (0.60, 0.03),
            ),
        ),
        (  # two circles
            (
                (0.52, 0.02), (0.34, 0.08), (0.29, 0.26), (0.38, 0.43), (0.54, 0.47),
                (0.70, 0.38), (0.73, 0.18), (0.62, 0.04), (0.49, 0.02),
            ),
            (
                (0.52, 0.46), (0.30, 0.54), (0.22, 0.74), (0.34, 0.94), (0.56, 0.98),
                (0.78, 0.86), (0.79, 0.64), (0.66, 0.50), (0.49, 0.46),
            ),
        ),
        (  # one stroke from the middle
            (
                (0.50, 0.48), (0.29, 0.32), (0.32, 0.10), (0.52, 0.02), (0.71, 0.12),
                (0.71, 0.31), (0.50, 0.48), (0.25, 0.66), (0.26, 0.88), (0.50, 0.99),
                (0.76, 0.88), (0.76, 0.66), (0.48, 0.46),
            ),
        ),
    ),
    9: (
        (  # straight leg
            (
                (0.74, 0.14), (0.56, 0.03), (0.32, 0.08), (0.22, 0.28), (0.33, 0.48),
                (0.54, 0.47), (0.70, 0.32), (0.75, 0.12), (0.75, 0.12), (0.72, 0.55),
                (0.68, 1.00),
            ),
        ),
        (  # curved leg
            (
                (0.73, 0.15), (0.56, 0.03), (0.32, 0.09), (0.23, 0.30), (0.35, 0.49),
                (0.56, 0.47), (0.71, 0.32), (0.75, 0.13), (0.75, 0.13), (0.76, 0.55),
                (0.68, 0.86), (0.48, 0.98), (0.26, 0.90),
            ),
        ),
        (  # circle and leg drawn separately
            (
                (0.70, 0.14), (0.52, 0.02), (0.30, 0.10), (0.22, 0.28), (0.32, 0.47),
                (0.52, 0.50), (0.68, 0.38), (0.73, 0.20), (0.68, 0.10),
            ),
            ((0.74, 0.10), (0.71, 0.50), (0.60, 1.00)),
        ),
        (  # slanting leg out of a round bowl
            (
                (0.72, 0.18), (0.60, 0.04), (0.38, 0.05), (0.24, 0.24), (0.32, 0.46),
                (0.54, 0.46), (0.70, 0.28), (0.73, 0.14), (0.73, 0.14), (0.66, 0.54),
                (0.46, 1.00),
            ),
        ),
    ),
}  # fmt: skip

LETTERS: dict[str, tuple[Shape, ...]] = {
    "A": (
        (
            ((0.10, 1.00), (0.48, 0.00), (0.48, 0.00), (0.90, 1.00)),
            ((0.24, 0.64), (0.78, 0.64)),
        ),
    ),
    "C": (
        (
            (
                (0.82, 0.22), (0.70, 0.06), (0.46, 0.02), (0.22, 0.20), (0.14, 0.52),
                (0.26, 0.86), (0.52, 0.98), (0.84, 0.86),
            ),
        ),
    ),
    "E": (
        (
            ((0.76, 0.02), (0.22, 0.03), (0.22, 0.03), (0.22, 0.97), (0.22, 0.97), (0.78, 0.97)),
            ((0.22, 0.48), (0.66, 0.48)),
        ),
        (
            ((0.22, 0.02), (0.22, 0.98)),
            ((0.22, 0.03), (0.76, 0.02)),
            ((0.22, 0.50), (0.68, 0.49)),
            ((0.22, 0.98), (0.78, 0.97)),
        ),
    ),
    "F": (
        (
            ((0.24, 0.02), (0.24, 1.00)),
            ((0.24, 0.03), (0.78, 0.02)),
            ((0.24, 0.46), (0.66, 0.46)),
        ),
    ),
    "H": (
        (
            ((0.16, 0.02), (0.16, 1.00)),
            ((0.80, 0.00), (0.80, 1.00)),
            ((0.16, 0.50), (0.80, 0.48)),
        ),
    ),
    "J": (
        (
            ((0.36, 0.03), (0.92, 0.02)),
            ((0.66, 0.02), (0.66, 0.70), (0.54, 0.94), (0.32, 0.97), (0.12, 0.76)),
        ),
    ),
    "K": (
        (
            ((0.20, 0.00), (0.20, 1.00)),
            ((0.78, 0.02), (0.21, 0.54), (0.21, 0.54), (0.82, 1.00)),
        ),
    ),
    "L": ((((0.24, 0.00), (0.22, 0.97), (0.22, 0.97), (0.80, 0.96)),),),
    "M": (
        (
            (
                (0.08, 1.00), (0.16, 0.02), (0.16, 0.02), (0.50, 0.66), (0.50, 0.66),
                (0.84, 0.02), (0.84, 0.02), (0.92, 1.00),
            ),
        ),
    ),
    "N": (
        (
            (
                (0.14, 1.00), (0.14, 0.02), (0.14, 0.02), (0.82, 0.98), (0.82, 0.98),
                (0.82, 0.00),
            ),
        ),
    ),
    "P": (
        (
            ((0.24, 0.02), (0.24, 1.00)),
            (
                (0.24, 0.03), (0.56, 0.02), (0.80, 0.14), (0.80, 0.38), (0.58, 0.54),
                (0.24, 0.54),
            ),
        ),
    ),
    "R": (
        (
            ((0.22, 0.02), (0.22, 1.00)),
            (
                (0.22, 0.03), (0.54, 0.02), (0.76, 0.14), (0.74, 0.38), (0.52, 0.50),
                (0.24, 0.52), (0.24, 0.52), (0.80, 1.00),
            ),
        ),
    ),
    "T": ((((0.08, 0.03), (0.90, 0.02)), ((0.50, 0.03), (0.50, 1.00))),),
    "U": (
        (
            (
                (0.14, 0.00), (0.14, 0.60), (0.28, 0.94), (0.52, 0.98), (0.76, 0.86),
                (0.84, 0.56), (0.84, 0.00),
            ),
        ),
    ),
    "V": ((((0.10, 0.00), (0.48, 1.00), (0.48, 1.00), (0.90, 0.00)),),),
    "W": (
        (
            (
                (0.02, 0.05), (0.24, 0.95), (0.24, 0.95), (0.50, 0.30), (0.50, 0.30),
                (0.76, 0.95), (0.76, 0.95), (0.98, 0.05),
            ),
        ),
    ),
    "X": ((((0.14, 0.02), (0.86, 1.00)), ((0.84, 0.00), (0.14, 0.98))),),
    "Y": (
        (
            ((0.08, 0.00), (0.50, 0.50)),
            ((0.92, 0.00), (0.50, 0.50), (0.50, 0.50), (0.50, 1.00)),
        ),
    ),
    "d": (
        (
            (
                (0.68, 0.52), (0.48, 0.42), (0.24, 0.52), (0.16, 0.74), (0.28, 0.95),
                (0.48, 0.96), (0.66, 0.82), (0.70, 0.60),
            ),
            ((0.72, 0.00), (0.71, 0.80), (0.76, 0.97), (0.90, 0.94)),
        ),
    ),
    "f": (
        (
            ((0.76, 0.10), (0.62, 0.01), (0.46, 0.10), (0.42, 0.30), (0.42, 1.00)),
            ((0.18, 0.40), (0.68, 0.39)),
        ),
    ),
    "h": (
        (
            (
                (0.22, 0.00), (0.22, 1.00), (0.22, 1.00), (0.24, 0.66), (0.42, 0.46),
                (0.62, 0.50), (0.70, 0.70), (0.70, 1.00),
            ),
        ),
    ),
    "k": (
        (
            ((0.24, 0.00), (0.24, 1.00)),
            ((0.66, 0.42), (0.25, 0.68), (0.25, 0.68), (0.72, 1.00)),
        ),
    ),
    "m": (
        (
            (
                (0.06, 0.24), (0.08, 0.78), (0.08, 0.78), (0.12, 0.44), (0.26, 0.26),
                (0.42, 0.32), (0.46, 0.50), (0.46, 0.78), (0.46, 0.78), (0.52, 0.42),
                (0.68, 0.26), (0.84, 0.34), (0.88, 0.54), (0.88, 0.78),
            ),
        ),
    ),
    "n": (
        (
            (
                (0.14, 0.14), (0.16, 0.86), (0.16, 0.86), (0.22, 0.42), (0.46, 0.16),
                (0.70, 0.24), (0.78, 0.50), (0.80, 0.86),
            ),
        ),
    ),
    "p": (
        (
            ((0.22, 0.02), (0.22, 1.00)),
            (
                (0.24, 0.16), (0.46, 0.03), (0.70, 0.10), (0.78, 0.30), (0.68, 0.52),
                (0.46, 0.58), (0.24, 0.48),
            ),
        ),
    ),
    "t": (
        (
            ((0.42, 0.00), (0.42, 0.70), (0.50, 0.96), (0.72, 0.94)),
            ((0.16, 0.32), (0.76, 0.30)),
        ),
    ),
    "u": (
        (
            (
                (0.14, 0.14), (0.14, 0.54), (0.28, 0.84), (0.54, 0.82), (0.76, 0.56),
                (0.78, 0.14), (0.78, 0.14), (0.78, 0.68), (0.92, 0.86),
            ),
        ),
    ),
    "w": (
        (
            (
                (0.04, 0.22), (0.12, 0.62), (0.26, 0.80), (0.42, 0.70), (0.50, 0.34),
                (0.50, 0.34), (0.56, 0.68), (0.72, 0.80), (0.88, 0.62), (0.96, 0.22),
            ),
        ),
    ),
}  # fmt: skip
"""Letters, capital and small, whose shapes are no digit's.

Left out, because a hasty hand makes a digit of them: O o D Q a e (0), I i l r (1), Z z (2),
y (4), S s (5), G b (6), B (8), g q (9). Of c j v x the small form is the capital's.
"""


def write(shapes: tuple[Shape, ...], rng: np.random.Generator) -> list[np.ndarray]:
    """One of the shapes in one hand: a list of strokes, each (points, 2) float64 of x and y.

    The longer side of the whole is 1 and its least x and y are 0. The samples of a stroke lie
    about SPACING apart.
    """
    shape = shapes[rng.integers(len(shapes))]
    strokes = [_pen_path(stroke, rng) for stroke in shape]
    matrix = _hand(rng)
    return _normalised([stroke @ matrix.T for stroke in strokes])


def _pen_path(stroke: Stroke, rng: np.random.Generator) -> np.ndarray:
    """The way of the pen along one stroke with wobble, tremor and uncertain ends: (points, 2)."""
    path = _evenly_spaced(_curve(_wobbled(stroke, rng)))
    path = _end_moved(path, rng)
    path = _end_moved(path[::-1], rng)[::-1]
    return path + _tremor(len(path), rng)


def _wobbled(stroke: Stroke, rng: np.random.Generator) -> np.ndarray:
    """The control points, each moved a little; the two of a corner move together."""
    points = np.array(stroke, dtype=np.float64)
    offsets = rng.normal(0.0, WOBBLE_SD, points.shape)
    for index in range(1, len(points)):
        if stroke[index] == stroke[index - 1]:
            offsets[index] = offsets[index - 1]
    return points + offsets


def _curve(points: np.ndarray) -> np.ndarray:
    """The Catmull-Rom curve through control points of shape (points, 2), cut at the corners."""
    corners = [i for i in range(1, len(points)) if np.array_equal(points[i], points[i - 1])]
    pieces = np.split(points, corners)
    return np.concatenate([smooth_curve(piece) for piece in pieces if len(piece) > 1])


def smooth_curve(points: np.ndarray, samples: int = 40) -> np.ndarray:
    """The centripetal Catmull-Rom curve through two or more points, `samples` for each span."""
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    knots = np.concatenate([[before], points, [after]])
    gaps = np.sqrt(np.linalg.norm(np.diff(knots, axis=0), axis=1))
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    spans = [_span(knots[i : i + 4], times[i : i + 4], samples) for i in range(len(points) - 1)]
    return np.concatenate(spans)


def _span(knots: np.ndarray, times: np.ndarray, samples: int) -> np.ndarray:
    """The curve between the middle two of four knots, by Barry and Goldman's recursion."""
    now = np.linspace(times[1], times[2], samples)[:, None]
    lines = [_between(knots[i], knots[i + 1], times[i], times[i + 1], now) for i in range(3)]
    bends = [_between(lines[i], lines[i + 1], times[i], times[i + 2], now) for i in range(2)]
    return _between(bends[0], bends[1], times[1], times[2], now)


def _between(
    first: np.ndarray, second: np.ndarray, start: float, end: float, now: np.ndarray
) -> np.ndarray:
    """The straight line from `first` at time `start` to `second` at time `end`, at `now`."""
    share = (now - start) / (end - start)
    return (1 - share) * first + share * second


def _evenly_spaced(path: np.ndarray) -> np.ndarray:
    """The same path with samples SPACING apart: (points, 2)."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.linspace(0.0, along[-1], max(2, round(along[-1] / SPACING)))
    return np.stack([np.interp(places, along, path[:, axis]) for axis in (0, 1)], axis=1)


def _end_moved(path: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The path with its last point over- or undershot by END_SD, along the last direction."""
    length = float(np.clip(rng.normal(0.0, END_SD), -END_MOST, END_MOST))
    count = round(abs(length) / SPACING)
    if length < 0:
        return path[: max(2, len(path) - count)]
    direction = path[-1] - path[max(0, len(path) - 5)]
    direction /= np.linalg.norm(direction)
    steps = np.arange(1, count + 1)[:, None] * SPACING
    return np.concatenate([path, path[-1] + steps * direction])


def _tremor(count: int, rng: np.random.Generator) -> np.ndarray:
    """Slow sideways movements along `count` samples: (count, 2)."""
    along = np.arange(count)[:, None] * SPACING
    cycles = rng.uniform(*TREMOR_CYCLES, (3, 1, 2))
    phases = rng.uniform(0.0, 2 * np.pi, (3, 1, 2))
    sizes = rng.normal(0.0, TREMOR_SD, (3, 1, 2))
    return np.sum(sizes * np.sin(2 * np.pi * cycles * along + phases), axis=0)


def _hand(rng: np.random.Generator) -> np.ndarray:
    """The (2, 2) matrix of one hand's slant (to the right above zero), rotation and aspect."""
    slant = np.radians(np.clip(rng.normal(0.0, SLANT_SD), -SLANT_MOST, SLANT_MOST))
    turn = np.radians(np.clip(rng.normal(0.0, ROTATION_SD), -ROTATION_MOST, ROTATION_MOST))
    widen = np.diag([rng.uniform(ASPECT_LEAST, ASPECT_MOST), 1.0])
    shear = np.array([[1.0, -np.tan(slant)], [0.0, 1.0]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return rotation @ shear @ widen


def _normalised(strokes: list[np.ndarray]) -> list[np.ndarray]:
    """The strokes moved to the origin and scaled so that the longer side of the whole is 1."""
    points = np.concatenate(strokes)
    least, most = points.min(axis=0), points.max(axis=0)
    return [(stroke - least) / (most - least).max() for stroke in strokes]
