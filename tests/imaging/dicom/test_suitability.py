"""What is sound and yet not for the model is refused with a reason of its own."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from imaging import Note, UnsuitableRadiographError, decode_radiograph
from imaging.dicom.vocabulary import understand_view
from tests.imaging.dicom_factory import build_dataset, build_dicom, ramp, to_bytes

CR = "1.2.840.10008.5.1.4.1.1.1"
DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT = "1.2.840.10008.5.1.4.1.1.2"


def reason(**attributes: object) -> str:
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(build_dicom(attributes=attributes))
    return refused.value.reason_code


def message(**attributes: object) -> str:
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(build_dicom(attributes=attributes))
    return str(refused.value)


def view_code(value: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, "SCT"
    return [item]


@pytest.mark.parametrize(
    "attributes",
    [
        {"SOPClassUID": CR, "Modality": "CR"},
        {"SOPClassUID": SECONDARY_CAPTURE, "Modality": "CR"},  # a film exported from an archive
        {"PresentationIntentType": None},
        {"BodyPartExamined": "THORAX"},
        {"BodyPartExamined": "chest pa"},
        {"BodyPartExamined": None},
        {"BodyPartExamined": "", "StudyDescription": "Chest and shoulder"},
        {"ViewPosition": "AP"},
        {"ViewPosition": ""},
        {"ViewPosition": None},
        {"ViewPosition": "", "ViewCodeSequence": view_code("272479007")},
        {"NumberOfFrames": "1"},
        {"NumberOfFrames": "0"},
        {"NumberOfFrames": ""},
        # a film of one frame in a wrapper for several: bytes, words, colour
        {"SOPClassUID": f"{SECONDARY_CAPTURE}.2", "NumberOfFrames": "1"},
        {"SOPClassUID": f"{SECONDARY_CAPTURE}.3", "NumberOfFrames": "1"},
        {"SOPClassUID": f"{SECONDARY_CAPTURE}.4", "NumberOfFrames": "1"},
    ],
)
def test_frontal_chest_films_are_accepted(attributes: dict[str, object]) -> None:
    assert decode_radiograph(build_dicom(attributes=attributes)).pixels.shape == (64, 80)


def test_other_objects() -> None:
    assert reason(SOPClassUID=CT) == "other_object"


@pytest.mark.parametrize("modality", ["CR", "DX", "DR", "XR", "RG", "dx"])
def test_the_words_for_plain_radiography_are_accepted(modality: str) -> None:
    assert decode_radiograph(build_dicom(attributes={"Modality": modality})).pixels.shape == (64, 80)


@pytest.mark.parametrize("modality", ["OT", "CT", "MG", "XX"])
def test_other_modalities(modality: str) -> None:
    assert reason(Modality=modality) == "other_modality"


def test_a_message_repeats_the_modality_only_where_it_is_a_known_word() -> None:
    assert message(Modality="MG").startswith("Modality (0008,0060) is MG; CR, DR, DX")
    assert message(Modality="CANARY").startswith("Modality (0008,0060) is a word that PS3.3")


def test_for_processing_by_attribute_or_by_class() -> None:
    assert reason(PresentationIntentType="FOR PROCESSING") == "for_processing"
    assert reason(SOPClassUID=DX_FOR_PROCESSING) == "for_processing"


@pytest.mark.parametrize(
    "part",
    [
        *("HIP", "EXTREMITY", "BREAST", "TEETH", "Becken", "ABDOMEN", "TSPINE", "HAND", "KNEE", "L KNEE", "FOOT_LEFT"),
        *("LOW_EXM", "C-SPINE", "Schädel", "GENOU", "RODILLA", "Fuß"),
        *("THORACIC SPINE", "T SPINE", "Spine_Thoracic"),
    ],
)
def test_other_body_parts(part: str) -> None:
    charset = "ISO_IR 192"
    assert reason(SpecificCharacterSet=charset, BodyPartExamined=part) == "other_body_part"


def test_a_message_names_the_other_part_and_its_attribute() -> None:
    assert message(BodyPartExamined="l knee").startswith("Body Part Examined (0018,0015) is KNEE; CHEST is accepted")
    described = message(BodyPartExamined=None, SeriesDescription="CANARY HAND")
    assert "HAND in Series Description (0008,103E); CHEST is accepted" in described
    assert "CANARY" not in described


def with_body_part(raw: bytes, charset: str | None) -> bytes:
    """Write bytes that pydicom would not write into a code string."""
    raw = raw.ljust(len(raw) + len(raw) % 2)
    content = build_dicom(
        attributes={"BodyPartExamined": "X" * len(raw), "SpecificCharacterSet": charset or "ISO_IR 6"}
    )
    return content.replace(b"X" * len(raw), raw)


@pytest.mark.parametrize(
    ("part", "encoding", "charset"),
    [
        ("TÓRAX", "latin-1", "ISO_IR 100"),
        ("TÓRAX", "latin-1", None),
        ("TÓRAX", "utf-8", "ISO_IR 192"),
        ("TÓRAX", "utf-8", "ISO_IR 100"),
        ("KLATKA PIERSIOWA", "ascii", None),
        ("GÖĞÜS", "utf-8", "ISO_IR 192"),
        ("ГРУДНАЯ КЛЕТКА", "iso8859_5", "ISO_IR 144"),
        ("胸部", "utf-8", "ISO_IR 192"),
        ("胸部正位", "utf-8", "ISO_IR 192"),
        ("흉부", "utf-8", "ISO_IR 192"),
        ("胸部", "gb18030", "GB18030"),
        ("胸部", "iso2022_jp", "\\ISO 2022 IR 87"),
        ("BRUST", "ascii", None),
        ("POITRINE", "ascii", None),
        ("CXR", "ascii", None),
    ],
)
def test_a_chest_in_any_language_and_character_set_is_read(part: str, encoding: str, charset: str | None) -> None:
    radiograph = decode_radiograph(with_body_part(part.encode(encoding), charset))
    assert radiograph.identity.body_part_examined == part
    assert radiograph.notes == ()


@pytest.mark.parametrize("raw", [b"MELKAS", b"EXAM 1", b"\xff\xfe\xfd", "กระดูก".encode(), b"CHESTABDOMEN"])
def test_an_unknown_body_part_is_left_to_the_pixels(raw: bytes) -> None:
    radiograph = decode_radiograph(with_body_part(raw, None))
    assert radiograph.notes == (Note.BODY_PART_NOT_UNDERSTOOD,)


@pytest.mark.parametrize("part", ["UNKNOWN", "OTHER", "NONE", "", "1"])
def test_a_body_part_that_says_nothing_needs_no_note(part: str) -> None:
    assert decode_radiograph(build_dicom(attributes={"BodyPartExamined": part})).notes == ()


def test_an_unknown_body_part_beside_another_part_in_a_description_is_refused() -> None:
    assert reason(BodyPartExamined="EXAM 1", StudyDescription="RIGHT KNEE AP") == "other_body_part"
    assert decode_radiograph(
        build_dicom(attributes={"BodyPartExamined": "EXAM 1", "StudyDescription": "CHEST AND SHOULDER"})
    ).pixels.any()


def test_a_chest_beside_other_parts_is_a_chest() -> None:
    attributes = {"BodyPartExamined": "CHEST ABDOMEN PELVIS"}
    assert decode_radiograph(build_dicom(attributes=attributes)).notes == ()


def test_a_description_tells_the_body_part_where_the_attribute_is_silent() -> None:
    assert reason(BodyPartExamined=None, StudyDescription="MODALITYLUT - TEETH") == "other_body_part"


# from MIMIC-CXR, PadChest, CheXpert, BIMCV, VinDr and modalities in several languages
LATERAL_VIEWS = [
    *("LL", "RL", "LATERAL", "lateral", "LAT", "LEFT LATERAL", "RIGHT LATERAL", "LLAT", "XTABLE LATERAL", "LATERAL_L"),
    *("LATERAL_R", "L", "R", "LT", "RIGHT", "LT LAT", "RT LAT", "LAT L", "CROSS TABLE", "CROSS-TABLE LAT", "X TABLE"),
    *("XTABLE", "PA LAT", "LATERALE", "LATÉRAL", "LATERAL IZQUIERDA", "PROFIL", "PERFIL", "SEITLICH", "LATERALLEFT"),
    *("L.L.", "AP\\LATERAL", "SEITE", "ML"),
]
SPECIAL_VIEWS = [
    *("LLD", "RLD", "LLO", "RLO", "LAO", "RAO", "LPO", "RPO", "OBLIQUE", "AP LLD", "AP RLD", "PA LLD", "PA RLD"),
    *("AP AXIAL", "AP LORDOTIC", "LORDOTIC", "APICAL", "SWIMMERS", "SWIMMER", "DECUB", "DECUBITUS", "LEFT DECUB"),
    *("LEFT LATERAL DECUBITUS", "LATERAL DECUB", "OBL", "LT OBL", "PA OBL", "OBLICUA", "AXIAL", "TANGENTIAL"),
    *("AXILLARY", "L.L.D.", "AP\\LLD", "COSTAL", "KYPHOTIC"),
]
FRONTAL_VIEWS = [
    *("PA", "AP", "pa", "P.A.", "P-A", "FRONTAL", "AP SUPINE", "AP_HORIZONTAL", "AP PORTABLE", "PA ERECT", "AP L"),
    *("POSTEROANTERIOR", "ANTEROPOSTERIOR", "POSTERO-ANTERIOR", "THORAX PA", "BILATERAL AP", "FACE", "AP SITTING"),
]


@pytest.mark.parametrize("view", LATERAL_VIEWS)
def test_lateral_views(view: str) -> None:
    assert reason(ViewPosition=view) == "lateral"


@pytest.mark.parametrize("view", SPECIAL_VIEWS)
def test_decubitus_oblique_lordotic_and_axial_views(view: str) -> None:
    assert reason(ViewPosition=view) == "not_frontal"


@pytest.mark.parametrize("view", FRONTAL_VIEWS)
def test_frontal_views(view: str) -> None:
    assert decode_radiograph(build_dicom(attributes={"ViewPosition": view})).notes == ()


@pytest.mark.parametrize(
    ("said", "view"),
    [
        *((word, "frontal") for word in ("正位", "后前位", "胸部正面", "ПРЯМАЯ", "전후")),
        *((word, "lateral") for word in ("左侧位", "左側面", "側面像", "БОКОВАЯ", "측면")),
        *((word, "not_frontal") for word in ("斜位", "左侧卧位", "КОСАЯ")),
    ],
)
def test_views_in_other_scripts(said: str, view: str) -> None:
    understood = understand_view([said])
    assert understood is not None
    assert understood[0] == view


def test_an_unknown_view_is_left_to_the_pixels_and_noted() -> None:
    assert decode_radiograph(build_dicom(attributes={"ViewPosition": "V1"})).notes == (Note.VIEW_NOT_UNDERSTOOD,)
    assert decode_radiograph(build_dicom(attributes={"ViewPosition": "UNKNOWN"})).notes == ()


def test_a_message_names_the_view_and_its_attribute() -> None:
    assert message(ViewPosition="AP CANARY LLD").startswith("View Position (0018,5101) says LLD, which is no upright")
    assert message(ViewPosition="LT LAT").startswith("View Position (0018,5101) says LAT, a lateral view")
    assert "View Code Sequence (0054,0220)" in message(ViewPosition=None, ViewCodeSequence=view_code("399067008"))


def test_an_unknown_view_does_not_hide_the_code_of_a_lateral_one() -> None:
    assert reason(ViewPosition="V1", ViewCodeSequence=view_code("399067008")) == "lateral"


@pytest.mark.parametrize("code", ["399067008", "399173006", "399198007"])
def test_lateral_views_by_code(code: str) -> None:
    assert reason(ViewPosition=None, ViewCodeSequence=view_code(code)) == "lateral"


def test_oblique_views_by_code() -> None:
    assert reason(ViewPosition=None, ViewCodeSequence=view_code("399182000")) == "not_frontal"


def test_several_frames() -> None:
    dataset = build_dataset(ramp(12))
    dataset.NumberOfFrames, dataset.PixelData = 2, dataset.PixelData * 2
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(to_bytes(dataset))
    assert refused.value.reason_code == "multi_frame"


def test_palette_colour() -> None:
    assert reason(PhotometricInterpretation="PALETTE COLOR") == "color"


def test_too_few_rows_or_columns() -> None:
    for shape in ((63, 200), (200, 63)):
        with pytest.raises(UnsuitableRadiographError) as refused:
            decode_radiograph(build_dicom(np.resize(ramp(12), shape)))
        assert refused.value.reason_code == "too_small"


@pytest.mark.parametrize("windowed", [True, False])
def test_one_gray_value(windowed: bool) -> None:
    attributes = {} if windowed else {"WindowCenter": None, "WindowWidth": None}
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(build_dicom(np.full((64, 64), 700, np.uint16), attributes=attributes))
    assert refused.value.reason_code == "blank"


def test_a_single_other_pixel_is_not_blank() -> None:
    stored = np.zeros((64, 64), np.uint16)
    stored[33, 35] = 4000
    assert decode_radiograph(build_dicom(stored)).pixels.max() > 0.9
