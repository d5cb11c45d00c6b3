"""MNIST, from raw files to judged networks, as one Kedro project.

The README lists the files to read first; `families.py` is where to start.
"""

__version__ = "0.1.0"
