"""The words of data sets for the classes, and for what is none of them: the same for `prepare`, `train`, `evaluate`."""

import re

from inference.labels import OTHER_FINDING, Label

BACTERIAL = "bacterial"
CT = "ct"
FUNGAL = "fungal"
LATERAL = "lateral"
LUNG_OPACITY = "lung_opacity"
MIXED_FINDING = "mixed_finding"
NO_FINDING = "no_finding"
UNSTATED_PNEUMONIA = "pneumonia_of_unstated_cause"
UNKNOWN_FINDING = "unknown_finding"
UNKNOWN_FOLDER = "folder_of_no_class"

OTHER_FINDINGS = frozenset({BACTERIAL, FUNGAL, LUNG_OPACITY, UNSTATED_PNEUMONIA, OTHER_FINDING})
"""Left out unless the data set is to hold films of other findings; no finding and unknown ones are never among them."""

MEANINGS = {
    BACTERIAL: "bacterial pneumonia",
    CT: "computed tomography",
    FUNGAL: "fungal pneumonia",
    LATERAL: "lateral view",
    LUNG_OPACITY: "lung opacity of no stated cause",
    MIXED_FINDING: "a virus and something else",
    NO_FINDING: "No Finding (see --no-finding-as-normal)",
    OTHER_FINDING: "another finding",
    UNSTATED_PNEUMONIA: "pneumonia of no stated cause",
    UNKNOWN_FINDING: "a label or finding that is not known",
    UNKNOWN_FOLDER: "in no folder that is named by a class",
}
"""The reasons in plain words."""

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
_FOLDERS: dict[str, str] = {
    **dict.fromkeys(("covid", "covid19", "covid19positive", "covidpositive", "sarscov2"), Label.COVID19),
    **dict.fromkeys(("covid19pneumonia", "covidpneumonia", "pneumoniacovid19", "coronavirus"), Label.COVID19),
    **dict.fromkeys(("viralpneumonia", "pneumoniaviral", "viral", "virus"), Label.VIRAL_PNEUMONIA),
    **dict.fromkeys(("normal", "healthy", "nofinding"), Label.NORMAL),
    **dict.fromkeys(("bacterialpneumonia", "pneumoniabacterial", "bacterial", "bacteria"), BACTERIAL),
    **dict.fromkeys(("lungopacity", "opacity"), LUNG_OPACITY),
    **dict.fromkeys(("pneumonia",), UNSTATED_PNEUMONIA),
    **dict.fromkeys(("otherfinding", "otherfindings"), OTHER_FINDING),
    **dict.fromkeys(("ct", "cts"), CT),
    **dict.fromkeys(("lateral", "laterals"), LATERAL),
    # within a class's folder these say that a film is NOT of the class, and of which it is they leave open
    **dict.fromkeys(("negative", "covidnegative", "covid19negative", "notcovid", "notcovid19"), UNKNOWN_FOLDER),
    **dict.fromkeys(("noncovid", "noncovid19", "nocovid", "nocovid19", "abnormal", "control"), UNKNOWN_FOLDER),
    **dict.fromkeys(("other", "others", "unknown", "rest", "excluded"), UNKNOWN_FOLDER),
}
_FILLING = re.compile(r"(cases?|patients?|images?|pictures?|films?|scans?|x-?rays?|radiographs?|class)$")
"""Words after which a folder's name means the same, as in "COVID-19 cases"."""


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
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    meant = _FOLDERS.get(letters) or _FOLDERS.get(_FILLING.sub("", letters))
    return str(meant) if meant else None


def read_label(word: str) -> str:
    """Return the label which a cell of a table of labels means, or the reason for which it is none."""
    meant = read_folder_name(word)
    if meant:
        return UNKNOWN_FINDING if meant == UNKNOWN_FOLDER else meant
    found = read_finding(word)
    return Label.NORMAL if found == NO_FINDING else found
