"""What is sound and yet not for the model is refused with a reason of its own."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from imaging import UnsuitableRadiographError, decode_radiograph
from tests.imaging.dicom_factory import build_dataset, build_dicom, ramp, to_bytes

CR = "1.2.840.10008.5.1.4.1.1.1"
DX_FOR_PROCESSING = "1.2.840.10008.5.1.4.1.1.1.1.1"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT = "1.2.840.10008.5.1.4.1.1.2"


def reason(**attributes: object) -> str:
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(build_dicom(attributes=attributes))
    return refused.value.reason_code


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
    ],
)
def test_frontal_chest_films_are_accepted(attributes: dict[str, object]) -> None:
    assert decode_radiograph(build_dicom(attributes=attributes)).pixels.shape == (32, 40)


def test_other_objects() -> None:
    assert reason(SOPClassUID=CT) == "other_object"


@pytest.mark.parametrize("modality", ["OT", "CT", "MG", "XX"])
def test_other_modalities(modality: str) -> None:
    assert reason(Modality=modality) == "other_modality"


def test_for_processing_by_attribute_or_by_class() -> None:
    assert reason(PresentationIntentType="FOR PROCESSING") == "for_processing"
    assert reason(SOPClassUID=DX_FOR_PROCESSING) == "for_processing"


@pytest.mark.parametrize("part", ["HIP", "EXTREMITY", "BREAST", "TEETH", "Becken", "ABDOMEN", "TSPINE"])
def test_other_body_parts(part: str) -> None:
    assert reason(BodyPartExamined=part) == "other_body_part"


def test_a_description_tells_the_body_part_where_the_attribute_is_silent() -> None:
    assert reason(BodyPartExamined=None, StudyDescription="MODALITYLUT - TEETH") == "other_body_part"


@pytest.mark.parametrize("view", ["LL", "RL", "LATERAL", "lateral", "LAT"])
def test_lateral_views(view: str) -> None:
    assert reason(ViewPosition=view) == "lateral"


@pytest.mark.parametrize("code", ["399067008", "399173006", "399198007"])
def test_lateral_views_by_code(code: str) -> None:
    assert reason(ViewPosition=None, ViewCodeSequence=view_code(code)) == "lateral"


@pytest.mark.parametrize("view", ["LLD", "RLD", "LLO", "RLO", "LAO", "OBLIQUE"])
def test_decubitus_and_oblique_views(view: str) -> None:
    assert reason(ViewPosition=view) == "not_frontal"


def test_oblique_views_by_code() -> None:
    assert reason(ViewPosition=None, ViewCodeSequence=view_code("399182000")) == "not_frontal"


def test_several_frames() -> None:
    dataset = build_dataset(ramp(12))
    dataset.NumberOfFrames, dataset.PixelData = 2, dataset.PixelData * 2
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(to_bytes(dataset))
    assert refused.value.reason_code == "multi_frame"


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
def test_colour(photometric: str) -> None:
    assert reason(PhotometricInterpretation=photometric, SamplesPerPixel=3, PlanarConfiguration=0) == "color"


def test_palette_colour() -> None:
    assert reason(PhotometricInterpretation="PALETTE COLOR") == "color"


def test_too_few_rows_or_columns() -> None:
    for shape in ((15, 64), (64, 15)):
        with pytest.raises(UnsuitableRadiographError) as refused:
            decode_radiograph(build_dicom(np.resize(ramp(12), shape)))
        assert refused.value.reason_code == "too_small"


@pytest.mark.parametrize("windowed", [True, False])
def test_one_gray_value(windowed: bool) -> None:
    attributes = {} if windowed else {"WindowCenter": None, "WindowWidth": None}
    with pytest.raises(UnsuitableRadiographError) as refused:
        decode_radiograph(build_dicom(np.full((32, 32), 700, np.uint16), attributes=attributes))
    assert refused.value.reason_code == "blank"


def test_a_single_other_pixel_is_not_blank() -> None:
    stored = np.zeros((64, 64), np.uint16)
    stored[33, 35] = 4000
    assert decode_radiograph(build_dicom(stored)).pixels.max() > 0.9
