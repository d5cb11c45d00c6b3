import inspect

from mnist_pipeline.pipelines import with_arguments


def scale(number: float, *, factor: float, offset: float = 0.0) -> float:
    """Number times factor, plus offset."""
    return number * factor + offset


def test_arguments_given_now_need_not_be_given_later_and_the_function_stays_as_it_was():
    double = with_arguments(scale, factor=2.0)
    assert double(3.0) == 6.0
    assert with_arguments(double, offset=1.0)(3.0) == 7.0
    assert inspect.signature(scale).parameters["factor"].default is inspect.Parameter.empty


def test_name_documentation_types_code_and_file_are_the_functions_own():
    double = with_arguments(scale, factor=2.0)
    assert (double.__name__, double.__doc__) == ("scale", scale.__doc__)
    assert inspect.get_annotations(double) == inspect.get_annotations(scale)
    assert inspect.isfunction(double)
    assert inspect.getsource(double) == inspect.getsource(scale)
    assert inspect.getfile(double) == __file__
