"""The vocabulary of reasons."""

import re

from imaging import NOTES, REASONS, Note, RadiographError, UnreadableRadiographError, UnsuitableRadiographError


def leaves(branch: type[RadiographError]) -> list[type[RadiographError]]:
    return [leaf for leaf in branch.__subclasses__() if not leaf.__subclasses__()]


def test_the_tree_has_two_branches_and_no_deeper_ones() -> None:
    assert set(RadiographError.__subclasses__()) == {UnreadableRadiographError, UnsuitableRadiographError}
    for branch in RadiographError.__subclasses__():
        assert leaves(branch) == branch.__subclasses__()


def test_every_leaf_has_its_own_code_and_one_sentence_of_advice() -> None:
    every = leaves(UnreadableRadiographError) + leaves(UnsuitableRadiographError)
    assert {leaf.reason_code: leaf.advice for leaf in every} == REASONS
    assert len(REASONS) == len(every)
    for code, advice in REASONS.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
        assert re.fullmatch(r"[A-Z][^.]*\.", advice)


def test_every_note_has_one_sentence() -> None:
    assert set(NOTES) == set(Note)
    for note, sentence in NOTES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", note)
        assert re.fullmatch(r"[A-Z][^.]*\.", sentence)


def test_the_vocabulary_is_stable() -> None:
    # stored in databases and read by programs: a code may be added here, never changed or removed
    assert set(REASONS) >= {
        *("not_a_regular_file", "file_too_large", "empty_file", "format_not_accepted", "truncated_file"),
        *("damaged_header", "missing_attribute", "invalid_attribute", "invalid_uid", "transfer_syntax_not_accepted"),
        *("inflation_limit", "too_many_pixels", "missing_pixel_data", "pixel_data_length", "codestream_mismatch"),
        *("damaged_pixel_data", "undecodable", "other_object", "other_modality", "for_processing", "other_body_part"),
        *("lateral", "not_frontal", "multi_frame", "color", "too_small", "blank"),
        *("not_a_chest_radiograph", "inverted_polarity", "rotated", "lungs_cut_off"),
    }
