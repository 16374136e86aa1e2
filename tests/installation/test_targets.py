import pytest
from pydantic import ValidationError

from installation.settings import Settings
from installation.targets import Target, parse_kinds, parse_rules, parse_targets

PACS = "PACS=ORTHANC@pacs.example.org:4242"


def test_targets_are_read_by_either_way() -> None:
    assert parse_targets(f"{PACS}, WEB=https://user:pass@web.example.org/dicom-web/") == (
        Target("PACS", "ORTHANC", "pacs.example.org", 4242),
        Target("WEB", url="https://user:pass@web.example.org/dicom-web"),
    )
    assert parse_targets("SAFE=tls://AE@pacs:2762") == (Target("SAFE", "AE", "pacs", 2762, has_tls=True),)
    assert parse_targets("SIX=AE@[::1]:104") == (Target("SIX", "AE", "::1", 104),)
    assert parse_targets("") == ()


@pytest.mark.parametrize(
    "text",
    ["ORTHANC@host:4242", "PACS=host:4242", "PACS=A@host:0", "PACS=ftp://x", "PACS=tls://x", "a b=A@h:1"],
)
def test_what_is_no_target_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError, match="accepted are NAME=AETITLE@host:port") as refused:
        parse_targets(text)
    assert text not in str(refused.value)


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        parse_targets(f"{PACS},{PACS}")


def test_kinds_are_named_once() -> None:
    assert parse_kinds("SR, sc,sr") == ("sr", "sc")
    with pytest.raises(ValueError, match="'pdf' is no object"):
        parse_kinds("sr,pdf")


def test_rules_name_values_that_there_are() -> None:
    rules = parse_rules("PACS: label=covid19|normal outcome=predicted; RESEARCH: sender=CT1 model=lite0-1")
    assert rules["PACS"] == {"label": ("covid19", "normal"), "outcome": ("predicted",)}
    assert rules["RESEARCH"] == {"sender": ("CT1",), "model": ("lite0-1",)}


@pytest.mark.parametrize("text", ["label=covid19", "PACS: label=flu", "PACS: colour=red", "PACS: outcome"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="accepted are"):
        parse_rules(text)


def test_settings_give_each_target_each_kind_and_its_rule() -> None:
    settings = Settings(targets=PACS, deliver="sr,sc", deliver_rules="PACS: outcome=predicted")  # type: ignore[arg-type]
    assert [(target.name, kind) for target, kind in settings.list_work()] == [("PACS", "sr"), ("PACS", "sc")]
    assert settings.find_rule(settings.list_targets()[0]) == {"outcome": ("predicted",)}
    assert "ORTHANC" not in repr(settings.targets)


@pytest.mark.parametrize(
    "wrong", [{"deliver_rules": "OTHER: label=normal"}, {"uid_root": "abc"}, {"uid_root": "1." * 20}]
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(targets=PACS, **wrong)  # type: ignore[arg-type]
