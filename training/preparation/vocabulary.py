"""The words of other data sets for the classes, and for what is none of them."""

import re

from inference.labels import OTHER_FINDING, Label

BACTERIAL = "bacterial"
FUNGAL = "fungal"
LUNG_OPACITY = "lung_opacity"
MIXED_FINDING = "mixed_finding"
NO_FINDING = "no_finding"
UNSTATED_PNEUMONIA = "pneumonia_of_unstated_cause"
UNKNOWN_FINDING = "unknown_finding"
UNKNOWN_FOLDER = "folder_of_no_class"

OTHER_FINDINGS = frozenset({BACTERIAL, FUNGAL, LUNG_OPACITY, UNSTATED_PNEUMONIA, OTHER_FINDING})
"""Left out unless the data set is to hold films of other findings; no finding and unknown ones are never among them."""

# the words of ieee8023's column `finding`, old ("COVID-19, ARDS") and new ("Pneumonia/Viral/COVID-19")
_COVID = {"covid-19", "covid19", "covid", "sars-cov-2"}
_VIRAL = {"viral", "sars", "sars-cov", "mers", "mers-cov", "influenza", "h1n1", "varicella", "herpes", "rsv"}
_VIRAL |= {"adenovirus", "measles", "cmv", "cytomegalovirus", "viral pneumonia"}
_BACTERIAL = {"bacterial", "streptococcus", "klebsiella", "legionella", "e.coli", "chlamydophila", "nocardia"}
_BACTERIAL |= {"mycoplasma", "mycoplasma bacterial pneumonia", "staphylococcus", "mrsa", "tuberculosis"}
_BACTERIAL |= {"bacterial pneumonia"}
_FUNGAL = {"fungal", "pneumocystis", "aspergillosis"}
_OTHER = {"ards", "aspiration", "lipoid", "edema", "effusion", "nodule", "cardiomegaly", "other finding"}

# folder names of class-folder data sets, letters and digits only
_FOLDERS = {
    **dict.fromkeys(("covid", "covid19", "covid19positive", "covidpositive"), Label.COVID19),
    **dict.fromkeys(("viralpneumonia", "pneumoniaviral", "viral", "virus"), Label.VIRAL_PNEUMONIA),
    **dict.fromkeys(("normal", "healthy", "nofinding"), Label.NORMAL),
    **dict.fromkeys(("bacterialpneumonia", "pneumoniabacterial", "bacterial", "bacteria"), BACTERIAL),
    **dict.fromkeys(("lungopacity", "opacity"), LUNG_OPACITY),
    **dict.fromkeys(("pneumonia",), UNSTATED_PNEUMONIA),
    **dict.fromkeys(("otherfinding", "otherfindings"), OTHER_FINDING),
}


def read_finding(finding: str) -> str:
    """Return the label of a finding of the ieee8023 layout, or the reason for which it is none.

    COVID-19 goes before ARDS, which is its course, not its cause; with a bacterial or fungal finding beside it the
    cause of what the film shows is open (`mixed_finding`).
    """
    words = {word.strip().lower() for word in re.split(r"[,/;]", finding)}
    virus = Label.COVID19 if words & _COVID else Label.VIRAL_PNEUMONIA if words & _VIRAL else None
    other = BACTERIAL if words & _BACTERIAL else FUNGAL if words & _FUNGAL else None
    if virus and other:
        return MIXED_FINDING
    if virus or other:
        return virus or other or UNKNOWN_FINDING
    if words == {"pneumonia"}:
        return UNSTATED_PNEUMONIA
    if words & {"no finding", "normal"}:
        return NO_FINDING
    return OTHER_FINDING if words & _OTHER else UNKNOWN_FINDING


def read_folder_name(name: str) -> str | None:
    """Return the label which a folder's name means, or the reason for which it is none, or None for any other name."""
    meant = _FOLDERS.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    return str(meant) if meant else None


def read_label(word: str) -> str:
    """Return the label which a cell of a table of labels means, or the reason for which it is none."""
    meant = read_folder_name(word)
    if meant:
        return meant
    found = read_finding(word)
    return Label.NORMAL if found == NO_FINDING else found
