"""The notebook: three states, and none of them by default a good one."""

from selftest.promises import MOST_FAULTS, PROMISES, Notebook, State


def test_what_nobody_looked_at_is_not_held() -> None:
    book = Notebook()
    assert book.count(State.NOT_CHECKED) == len(PROMISES)
    book.leave_out("P10", "a full disk: nobody may mount one")
    assert book.findings["P10"].state is State.NOT_CHECKED


def test_one_fault_outweighs_all_that_holds() -> None:
    book = Notebook()
    book.check("P1", True, "")
    book.check("P1", False, "one is missing")
    book.check("P1", True, "")
    assert book.findings["P1"].state is State.BROKEN
    assert book.findings["P1"].faults == ["one is missing"]


def test_a_time_is_held_against_its_limit_and_the_longest_is_kept() -> None:
    book = Notebook()
    for seconds in (1.0, 3.0, 2.0):
        book.keep_longest("P6", "s at most", seconds, 30.0)
    assert book.findings["P6"].state is State.HELD
    assert book.findings["P6"].describe() == "3.0 s at most"
    book.keep_longest("P6", "s at most", 31.0, 30.0)
    assert book.findings["P6"].faults == ["31.0 s at most, where 30 s are promised"]


def test_machines_read_a_bounded_number_of_faults() -> None:
    book = Notebook()
    for number in range(1000):
        book.check("P1", False, str(number))
    shown = book.findings["P1"].as_json()
    assert (shown["id"], shown["state"], len(shown["faults"])) == ("P1", "broken", MOST_FAULTS)
