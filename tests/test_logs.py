import logging

from mnist_pipeline.errors import UserError
from mnist_pipeline.logs import ForUsers


def record(name, level, message):
    return logging.LogRecord(name, level, "", 0, message, None, None)


def passes(entry, error=None):
    if error is None:
        return ForUsers().filter(entry)
    try:
        raise error
    except Exception:
        return ForUsers().filter(entry)


def test_the_line_of_a_node_is_shortened_to_its_name():
    entry = record("kedro.pipeline.node", logging.INFO, "Running node: a: f([x]) -> [y]")
    assert passes(entry)
    assert entry.getMessage() == "Running node: a"


def test_what_kedro_says_of_a_users_mistake_is_dropped_and_of_a_bug_is_kept():
    entry = record("kedro.pipeline.node", logging.ERROR, "Node a failed with error: ...")
    assert not passes(entry, UserError("wrong folder"))
    assert passes(entry, ValueError("a bug"))


def test_our_own_warnings_always_pass():
    entry = record("mnist_pipeline.fitting", logging.WARNING, "interrupted")
    assert passes(entry, UserError("wrong folder"))
