from pathlib import PurePath

import pytest

from installation.senders import find_sender, is_ae_title, name_sender_folder, parse_allow_list
from worker.intake.inbox import is_ignored


@pytest.mark.parametrize("ae_title", ["CT1", "..", "../../tmp/evil", "A B", "x.tmp", "@TMP", "%41", ".", "ROOM 1.PART"])
def test_a_sender_s_folder_is_one_harmless_name_that_says_who_it_is(ae_title: str) -> None:
    folder = name_sender_folder(ae_title)
    assert len(PurePath(folder).parts) == 1
    assert ".." not in folder
    assert not is_ignored(folder)
    assert find_sender(PurePath("stat", folder, "film.dcm")) == ae_title


@pytest.mark.parametrize(
    "path", ["film.dcm", "from-CT1", "elsewhere/film.dcm", "from-/a.dcm", "from-%00/a", "from-0123456789abcdefg/a"]
)
def test_what_names_no_ae_title_names_no_sender(path: str) -> None:
    assert find_sender(PurePath(path)) is None


def test_an_allow_list_knows_titles_and_where_they_may_call_from() -> None:
    allow = parse_allow_list("CT1@192.168.1.7, PACS@10.0.0.0/8,*@::1")
    assert allow.allows("CT1", "192.168.1.7")
    assert not allow.allows("CT1", "192.168.1.8")
    assert not allow.allows("CT2", "192.168.1.7")
    assert allow.knows_address("192.168.1.7")
    assert not allow.knows_address("192.168.1.8")
    assert allow.allows("PACS", "::ffff:10.2.3.4")
    assert allow.allows("ANY", "::1")
    assert not allow.is_open


def test_without_a_list_only_this_machine_may_send_and_a_star_lets_all_in() -> None:
    assert parse_allow_list("").allows("ANY", "127.0.0.1")
    assert not parse_allow_list("").knows_address("192.168.1.7")
    assert parse_allow_list("*").is_open
    assert parse_allow_list("*").allows("ANY", "192.168.1.7")
    assert parse_allow_list("CT1@*").allows("CT1", "8.8.8.8")


@pytest.mark.parametrize(
    "text", ["CT1", "CT1@", "@10.0.0.1", "CT1@host.example", "A\\B@10.0.0.1", f"{'A' * 17}@10.0.0.1"]
)
def test_an_entry_that_names_no_sender_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no sender"):
        parse_allow_list(text)


@pytest.mark.parametrize(
    ("text", "is_title"), [("CT1", True), (" CT1 ", True), ("   ", False), ("ü", False), ("A\n", False)]
)
def test_an_ae_title_is_short_printable_ascii(text: str, is_title: bool) -> None:
    assert is_ae_title(text) is is_title
