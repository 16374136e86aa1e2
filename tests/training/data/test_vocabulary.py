import pytest

from training.data.patients import read_patient
from training.data.vocabulary import read_finding, read_folder_name, read_label


@pytest.mark.parametrize(
    ("finding", "meaning"),
    [
        ("COVID-19", "covid19"),
        ("COVID-19, ARDS", "covid19"),
        ("Pneumonia/Viral/COVID-19", "covid19"),
        ("SARS", "viral_pneumonia"),
        ("Pneumonia/Viral/MERS-CoV", "viral_pneumonia"),
        ("Pneumonia/Viral/Influenza/H1N1", "viral_pneumonia"),
        ("Pneumonia/Viral/Varicella", "viral_pneumonia"),
        ("Pneumonia/Viral/Herpes ", "viral_pneumonia"),
        ("Pneumonia/Bacterial/Streptococcus", "bacterial"),
        ("Mycoplasma Bacterial Pneumonia", "bacterial"),
        ("Pneumonia/Fungal/Pneumocystis", "fungal"),
        ("COVID-19, Streptococcus", "mixed_finding"),
        ("Pneumonia", "pneumonia_of_unstated_cause"),
        ("Pneumonia/Lipoid", "other_finding"),
        ("ARDS", "other_finding"),
        ("No Finding", "no_finding"),
        ("todo", "unknown_finding"),
        ("", "unknown_finding"),
    ],
)
def test_findings_old_and_new_give_a_label_or_a_reason(finding: str, meaning: str) -> None:
    assert read_finding(finding) == meaning


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("COVID", "covid19"),
        ("COVID-19", "covid19"),
        ("Viral Pneumonia", "viral_pneumonia"),
        ("viral_pneumonia", "viral_pneumonia"),
        ("NORMAL", "normal"),
        ("Lung_Opacity", "lung_opacity"),
        ("PNEUMONIA", "pneumonia_of_unstated_cause"),
        ("images", None),
        ("train", None),
    ],
)
def test_folder_names(name: str, meaning: str | None) -> None:
    assert read_folder_name(name) == meaning


def test_a_misspelt_label_is_no_other_finding() -> None:
    assert read_label("covd19") == "unknown_finding"
    assert read_label("No Finding") == "normal"


@pytest.mark.parametrize(
    ("stem", "patient"),
    [
        ("person1_virus_6", "kermany-virus-person1"),
        ("person1_bacteria_1", "kermany-bacteria-person1"),
        ("NORMAL2-IM-0035-0001", "kermany-normal-NORMAL2-IM-0035"),
        ("IM-0656-0001-0002", "kermany-normal-IM-0656"),
        ("kermany512__IM-0115-0001", "kermany-normal-IM-0115"),
        ("VIRUS-1010048-0001", "kermany-virus-1010048"),
        ("00000013_005", "nih-13"),
        ("COVID-12", ""),
        ("Viral Pneumonia-12", ""),
        ("2020_01_28_123", ""),
    ],
)
def test_patients_from_file_names(stem: str, patient: str) -> None:
    assert read_patient(stem) == patient
