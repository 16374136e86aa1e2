import pytest

from documents.figures import say_duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.00 s"),
        (0.844, "0.84 s"),
        (9.996, "10.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min"),
        (184.2, "3 min 4 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_duration_is_written_with_its_two_largest_units(seconds: float, said: str) -> None:
    assert say_duration(seconds) == said
