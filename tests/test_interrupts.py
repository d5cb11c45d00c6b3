import os
import signal
import threading

import pytest

from mnist_pipeline.interrupts import held_interrupts


@pytest.fixture(autouse=True)
def as_in_a_run():
    """`kill` ends a run as Ctrl-C does; and a test that fails leaves no signal held."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# ruff: noqa: PT012 - what comes after an interrupt inside `raises` is what these tests are about


def interrupt(number=signal.SIGINT):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_until_it_is_let_go(number):
    reached = []
    with pytest.raises(KeyboardInterrupt), held_interrupts() as let_go:
        let_go("before it", nothing="happens")
        interrupt(number)
        reached.append("the end of the step")
        let_go()
        reached.append("too far")
    assert reached == ["the end of the step"]


def test_an_interrupt_that_nobody_lets_go_is_raised_at_the_end():
    with pytest.raises(KeyboardInterrupt), held_interrupts():
        interrupt()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_does_not_wait():
    with pytest.raises(KeyboardInterrupt), held_interrupts():
        interrupt()
        interrupt()
        pytest.fail("still here after the second")


def test_signals_are_raised_at_once_again_afterwards():
    with held_interrupts():
        pass
    with pytest.raises(KeyboardInterrupt):
        interrupt()
        pytest.fail("held after the end")


def test_an_interrupt_is_not_lost_in_an_error_that_somebody_may_catch():
    with pytest.raises(KeyboardInterrupt) as raised, held_interrupts():
        interrupt()
        raise ValueError("of the step")
    assert str(raised.value.__cause__) == "of the step"


def test_an_error_without_an_interrupt_is_handed_on():
    with pytest.raises(ValueError, match="of the step"), held_interrupts():
        raise ValueError("of the step")


def test_a_handler_of_somebody_else_is_left_alone():
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append("theirs"))
    with held_interrupts():
        interrupt()
    assert heard == ["theirs"]


def test_nothing_is_held_in_another_thread():
    errors = []

    def hold():
        try:
            with held_interrupts() as let_go:
                let_go()
        except Exception as error:  # `signal` works in the first thread only
            errors.append(error)

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert errors == []
