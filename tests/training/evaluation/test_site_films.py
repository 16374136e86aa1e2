"""A site's own films as cases: which label counts, and which bytes."""

from hashlib import sha256
from pathlib import Path

import pytest

from store.questions.labelled_films import LabelledFilm
from store.references.words import Reference, ReferenceSource
from training.data.errors import DatasetNotFoundError
from training.evaluation.site_films import CONTRADICTION, NO_CLASS, find_cases, find_label

PCR, READER = ReferenceSource.PCR, ReferenceSource.READER


def film(
    references: dict[ReferenceSource, Reference],
    *,
    moved_to: tuple[Path, ...] = (),
    left_at: tuple[Path, ...] = (),
    **about: object,
) -> LabelledFilm:
    facts = {
        "patient_id": None,
        "station_name": None,
        "view_position": None,
        "patient_age_years": None,
        "patient_sex": None,
    }
    return LabelledFilm(
        sha256(b"film").hexdigest(), references, moved_to, left_at, inbox=Path("/in/ward"), **facts | about
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pcr", "reader", "expected"),
    [
        ("covid19", None, ("covid19", "")),
        ("covid19", "covid19", ("covid19", "")),
        ("not_covid19", "normal", ("normal", "")),
        ("not_covid19", "other_finding", ("other_finding", "")),
        (None, "viral_pneumonia", ("viral_pneumonia", "")),
        ("not_covid19", None, (None, NO_CLASS)),
        ("not_covid19", "covid19", (None, CONTRADICTION)),
        ("covid19", "normal", (None, CONTRADICTION)),
    ],
)
def test_a_label_is_what_test_and_reader_agree_on(pcr: str | None, reader: str | None, expected: tuple) -> None:
    said = {PCR: pcr, READER: reader}
    assert find_label(film({who: Reference(what) for who, what in said.items() if what})) == expected


@pytest.mark.parametrize(
    ("pcr", "reader", "expected"),
    [
        (None, None, ("normal", "")),
        (None, Reference.VIRAL_PNEUMONIA, ("viral_pneumonia", "")),  # who read without the answer goes first
        (Reference.NOT_COVID19, None, ("normal", "")),
        (Reference.COVID19, None, ("covid19", "")),  # never over RT-PCR
        (Reference.COVID19, Reference.NORMAL, (None, CONTRADICTION)),
    ],
)
def test_a_review_speaks_where_nobody_else_does(pcr: str | None, reader: str | None, expected: tuple) -> None:
    said = {PCR: pcr, READER: reader, ReferenceSource.REVIEW: Reference.NORMAL}
    assert find_label(film({who: Reference(what) for who, what in said.items() if what})) == expected


def test_a_film_is_taken_from_where_it_was_moved_to(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "42.dcm").write_bytes(b"film")
    moved = film(
        {PCR: Reference.COVID19}, moved_to=(tmp_path / "gone.dcm", tmp_path / "42.dcm"), patient_age_years=40.0
    )
    lost = film({PCR: Reference.COVID19}, moved_to=(tmp_path / "gone.dcm",))
    (case,) = find_cases([moved, lost])
    assert case.path == tmp_path / "42.dcm"
    assert (case.reference_label, case.patient_id, case.source) == ("covid19", moved.source_sha256, "ward")
    assert (case.age_group, case.view) == ("adult", "unknown")
    assert "1 films left out: the file is not where" in caplog.text


def test_a_film_that_stayed_counts_only_while_its_bytes_lie_there(tmp_path: Path) -> None:
    place = tmp_path / "film.dcm"
    stayed = film({READER: Reference.NORMAL}, left_at=(place,), patient_id="hmac-sha256:1", station_name="DX1")
    place.write_bytes(b"film")
    (case,) = find_cases([stayed])
    assert (case.path, case.patient_id, case.source) == (place, "hmac-sha256:1", "DX1")
    place.write_bytes(b"another film of the same name")
    with pytest.raises(DatasetNotFoundError, match="outcomes import"):
        find_cases([stayed])
