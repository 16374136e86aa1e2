"""The words that headers use for parts of the body, views and modalities, and what they mean for the model.

Words are compared in capital letters and without accents. Those of the standard stand first (PS3.16 annex L, PS3.3
C.8.11.5 and C.7.3.1.1.1), then those that public collections, modalities and hospitals write instead. A word that is in
no list decides nothing: the pixels do.
"""

import re
from collections.abc import Sequence
from typing import Literal

View = Literal["frontal", "lateral", "not_frontal"]

XRAY_MODALITIES = {"CR", "DX", "DR", "RG", "XR"}
"""CR and DX; DR and XR, which no standard knows and many systems write; RG, which scanners of films write."""

OTHER_MODALITIES = {
    *("CT", "MR", "US", "PT", "NM", "XA", "RF", "MG", "IO", "PX", "OT", "SC", "SR", "PR", "KO", "SEG", "DOC", "ECG"),
    *("ES", "XC", "GM", "SM", "OP", "OCT", "BMD", "REG", "RTIMAGE", "RTDOSE", "RTPLAN", "RTSTRUCT"),
}

CHEST = {
    *("CHEST", "THORAX", "THORACIC", "LUNG", "LUNGS", "CXR", "RIBCAGE"),
    *("BRUST", "BRUSTKORB", "LUNGE", "LUNGEN", "BORST", "BORSTKAS", "BROST", "BRYST", "KEUHKOT"),
    *("POITRINE", "POUMON", "POUMONS", "TORAX", "TORACICO", "PULMON", "PULMONES", "PULMAO", "TORACE", "POLMONI"),
    *("KLATKA", "PIERSIOWA", "HRUDNIK", "MELLKAS", "TORAKS", "GOGUS", "AKCIGER"),
    *("ГРУДНАЯ", "ГРУДЬ", "ЛЕГКИЕ", "胸", "胸部", "胸片", "胸部正面", "흉부"),
}

_OF_CHEST = {"THORACIC", "TORACICO"}  # and of its spine
_CHEST_STEM = re.compile("胸(?![椎骨])|肺|흉부")  # inside of a word: these languages put no blanks between them

DESCRIBED_PARTS = {
    *("ABDOMEN", "ANKLE", "ARM", "BREAST", "CLAVICLE", "CSPINE", "DENTAL", "ELBOW", "EXTREMITY", "FEMUR", "FINGER"),
    *("FOOT", "FOREARM", "HAND", "HEAD", "HEEL", "HIP", "HUMERUS", "KNEE", "LEG", "LSPINE", "LUMBAR", "MAMMOGRAM"),
    *("MANDIBLE", "NECK", "PELVIS", "SCAPULA", "SHOULDER", "SKULL", "SPINE", "TEETH", "THIGH", "TIBIA", "TOE", "TOOTH"),
    *("TSPINE", "WRIST"),
}
"""Parts other than the chest that a description of study or series may name: English words that mean nothing else."""

OTHER_PARTS = DESCRIBED_PARTS | {
    *("ABD", "ABDO", "BRAIN", "CALCANEUS", "CALF", "CERVICAL", "COCCYX", "EXM", "EXTREMITIES", "FEET", "FIBULA"),
    *("FINGERS", "HANDS", "HIPS", "JAW", "KNEES", "KUB", "LEGS", "LSSPINE", "MAMMO", "MAXILLA", "ORBIT", "ORBITS"),
    *("PATELLA", "RADIUS", "RIB", "RIBS", "SACRUM", "SHOULDERS", "SINUS", "SINUSES", "SSPINE", "STERNUM", "THUMB"),
    *("TLSPINE", "TMJ", "TOES", "ULNA", "WRISTS"),
    # German, Dutch
    *("BAUCH", "BECKEN", "BWS", "ELLENBOGEN", "FUSS", "HANDGELENK", "HUFTE", "HUEFTE", "HWS", "KIEFER", "KNIE", "KOPF"),
    *("LWS", "OBERARM", "OBERSCHENKEL", "SCHADEL", "SCHAEDEL", "SCHULTER", "SPRUNGGELENK", "UNTERARM", "UNTERSCHENKEL"),
    *("WIRBELSAULE", "WIRBELSAEULE", "ZAHN", "ZAHNE", "ZEHE", "BEKKEN", "ENKEL", "HEUP", "POLS", "SCHOUDER", "VOET"),
    # French, Spanish, Portuguese, Italian
    *("BASSIN", "CHEVILLE", "COUDE", "CRANE", "CUISSE", "DENT", "DENTS", "DOIGT", "EPAULE", "GENOU", "HANCHE", "JAMBE"),
    *("MAIN", "PIED", "POIGNET", "RACHIS", "BRAZO", "CADERA", "CODO", "COLUMNA", "CRANEO", "DEDO", "HOMBRO", "MANO"),
    *("MUNECA", "PIE", "PIERNA", "RODILLA", "TOBILLO", "BACIA", "COLUNA", "COTOVELO", "JOELHO", "OMBRO", "PUNHO"),
    *("QUADRIL", "TORNOZELO", "ADDOME", "ANCA", "BACINO", "CAVIGLIA", "COLONNA", "CRANIO", "GINOCCHIO", "GOMITO"),
    *("PIEDE", "POLSO", "SPALLA"),
    # Polish
    *("CZASZKA", "KOLANO", "MIEDNICA", "STOPA"),
}
"""Parts other than the chest that Body Part Examined may name."""

_FRONTAL = {
    *("PA", "AP", "FRONTAL", "FRONT", "POSTEROANTERIOR", "ANTEROPOSTERIOR", "POSTERO", "ANTERO", "ANTERIOR"),
    *("FACE", "FRENTE", "FRONTALE", "DORSOVENTRAL", "VENTRODORSAL", "DV", "VD", "正面"),
}
_FRONTAL_STEM = re.compile("正位|正面|[前后後][前后後]|ПРЯМАЯ|ПЕРЕДНЯЯ|전후|후전")
_LATERAL = {
    *("LATERAL", "LATER", "LAT", "LL", "RL", "LLAT", "RLAT", "LATL", "LATR", "LTLAT", "RTLAT", "XTABLE", "XTAB", "XTL"),
    *("ML", "LM", "SIDE", "SEITE", "SEITENBILD", "ZIJDELINGS", "BOK", "БОК"),
    *("SEITL", "SEITLICH", "PROFIL", "PROFILE", "PROFILO", "PERFIL", "BOCZNA", "BOCZNE", "BOCNI"),
}
_NOT_FRONTAL = {
    *("LLD", "RLD", "DEC", "DECUB", "DECUBITUS", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO", "OBL", "OBLIQUE", "AXIAL"),
    *("LORD", "KYPHOTIC", "CC", "MLO", "TANG"),
    *("LORDOTIC", "APICAL", "SWIMMERS", "TANGENTIAL", "COSTAL", "OBLICUA", "SKOSNA", "SCHRAG", "SCHRAEG"),
}
# inside of a word: with its side, with an ending, in a language that took it from Latin; BILATERAL shows both sides
_LATERAL_STEM = re.compile("(?<!BI)(?<!UNI)LATERA|XTABLE|БОКОВ|侧位|側位|側面|측면")
_NOT_FRONTAL_STEM = re.compile("DECUB|LORDO|OBLIQ|OBLIC|AXIA|AXILL|APICAL|SWIMM|TANGEN|SCHRAG|КОСАЯ|斜位|[侧側][卧臥]")
_CROSS_TABLE = re.compile(r"\b(X|CROSS) ?TABLE\b")
# no view but the side of a lateral one, as PadChest and some archives write it
_SIDES = {"L", "R", "LT", "RT", "LEFT", "RIGHT"}


def names_chest(said: Sequence[str]) -> bool:
    """Say whether words in capital letters without accents name the chest, and not its spine alone."""
    known = CHEST.intersection(said)
    if known <= _OF_CHEST and OTHER_PARTS.intersection(said):
        return False
    return bool(known) or any(_CHEST_STEM.search(word) for word in said)


def understand_view(said: Sequence[str]) -> tuple[View, str] | None:
    """Say what the words of a view mean; None where none of them is known.

    Parameters
    ----------
    said : sequence of str
        Words in capital letters without accents, such as ("AP", "LLD"): anything but an upright frontal view decides.

    Returns
    -------
    view, word : tuple of str, or None
        The view, and the known word that decided; it may be repeated in a message.
    """
    whole = " ".join(said)
    if word := _find(said, _NOT_FRONTAL, _NOT_FRONTAL_STEM):
        return "not_frontal", word
    if word := _find(said, _LATERAL, _LATERAL_STEM):
        return "lateral", word
    if whole in _SIDES:
        return "lateral", whole
    if table := _CROSS_TABLE.search(whole):
        return "lateral", table[0]
    if word := _find(said, _FRONTAL, _FRONTAL_STEM) or next((spelt for spelt in ("P A", "A P") if whole == spelt), ""):
        return "frontal", word
    return None


def _find(said: Sequence[str], known: set[str], stem: re.Pattern[str] | None = None) -> str:
    """Return the first known word, or the part of a word that is known."""
    for word in said:
        if word in known:
            return word
        if stem and (part := stem.search(word)):
            return part[0]
    return ""
