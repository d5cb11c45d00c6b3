"""MNIST, from raw files to judged networks, as one Kedro project.

Read these five files first, in this order:

1. `families.py`: the table of networks, and what each sees and returns
2. `preprocessing.py`: from uint8 digits to what a network sees
3. `models/cnn.py`: a network
4. `fitting.py`: how every network is trained
5. `pipelines/training/pipeline.py`: how Kedro wires it
"""

__version__ = "0.1.0"
