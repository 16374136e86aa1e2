import pytest

from training.preparation.views import ViewError, Views


@pytest.mark.parametrize(
    ("wanted", "view", "fault"),
    [
        ("PA,AP", "PA", ""),
        ("PA,AP", "AP Supine", ""),
        ("pa, ap", "AP semi erect", ""),
        ("PA", "AP", "view_not_wanted"),
        ("AP Supine", "AP", "view_not_wanted"),
        ("AP Supine", "AP Supine", ""),
        ("PA,AP", "L", "lateral"),
        ("PA,AP", "Axial", "not_frontal"),
        ("PA,AP", "", "view_not_stated"),
    ],
)
def test_views(wanted: str, view: str, fault: str) -> None:
    assert Views.read(wanted).find_fault(view, must_be_stated=True) == fault


@pytest.mark.parametrize("text", ["L", "PA,Lateral", "", "Axial"])
def test_no_data_set_may_hold_other_views(text: str) -> None:
    with pytest.raises(ViewError, match="frontal"):
        Views.read(text)
