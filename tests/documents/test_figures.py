import pytest

from documents.figures import say_count


@pytest.mark.parametrize(
    ("number", "words", "says"),
    [
        (0, ("film",), "0 films"),
        (1, ("film",), "1 film"),
        (1236, ("film",), "1,236 films"),
        (1, ("file", "waits", "wait"), "1 file waits"),
        (2, ("file", "waits", "wait"), "2 files wait"),
    ],
)
def test_a_count_agrees_with_its_noun_and_verb(number: int, words: tuple[str, ...], says: str) -> None:
    assert say_count(number, *words) == says
