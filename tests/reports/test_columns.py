from reports.columns import COLUMNS, hide_patient, result_to_cells, result_to_json
from store.questions.queries import Result
from tests.reports.results import PREDICTED, refused

HIDDEN = ("file_name", "accession_number", "sop_instance_uid", "study_instance_uid", "series_instance_uid")


def test_every_field_of_a_result_is_a_column_or_is_said_in_another_way() -> None:
    names = {column.name for column in COLUMNS}
    assert set(Result._fields) - names == {"conflict"}  # a mark
    assert names - set(Result._fields) == {"notice"}


def test_a_flat_row_has_a_cell_for_each_name() -> None:
    for result in (PREDICTED, refused("lateral")):
        cells = result_to_cells(result, None)
        assert {name for column in COLUMNS for name in column.names} <= cells.keys()


def test_what_may_identify_a_patient_is_replaced_and_nothing_else() -> None:
    named = PREDICTED._replace(**dict.fromkeys(HIDDEN, "DOE^JANE"))
    hidden = hide_patient(named._replace(conflict_with="arrival-2 DOE^JANE 2.dcm"))
    assert hidden == PREDICTED._replace(file_name="arrival-1", conflict_with="arrival-2")
    assert [column.name for column in COLUMNS if column.stand_in] == ["file_name", "conflict_with", *HIDDEN[1:]]
    assert "DOE" not in str(result_to_json(hidden))
