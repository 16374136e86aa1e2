"""P12 at the reader: attributes that it turns into numbers, codes and UIDs hold a canary instead."""

import contextlib
import io
import logging
import traceback
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from imaging import RadiographError, decode_radiograph
from imaging.phantoms.files import write_dicom_phantom
from selftest.canaries import WORD, find_traces

READ = (
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SpecificCharacterSet", "Modality"),
    *("ViewPosition", "BodyPartExamined", "PatientAge", "PatientSex", "PresentationIntentType", "NumberOfFrames"),
    *("PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"),
    *("PixelRepresentation", "WindowCenter", "WindowWidth", "VOILUTFunction", "RescaleSlope", "RescaleIntercept"),
    *("PixelSpacing", "ImagerPixelSpacing", "PixelPaddingValue", "PresentationLUTShape", "BurnedInAnnotation"),
)


@pytest.mark.parametrize("keyword", READ)
@pytest.mark.parametrize("as_text", [True, False])
def test_no_error_warning_or_log_line_of_the_reader_quotes_the_header(
    keyword: str, as_text: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = misuse(tmp_path, keyword, as_text=as_text)
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    said = io.StringIO()
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stderr(said):
        warnings.simplefilter("always")
        try:
            radiograph = decode_radiograph(content)
            said.write(repr(radiograph))
        except RadiographError as error:
            said.write("".join(traceback.format_exception(error)) + repr(error))
    said.write(caplog.text + "".join(str(one.message) for one in warned))
    assert find_traces(said.getvalue().encode()) == []


def misuse(folder: Path, keyword: str, *, as_text: bool) -> bytes:
    """Let one attribute name the canary: as a text, or in the representation that it should have."""
    write_dicom_phantom(folder / "film", seed=7, rows=64, columns=64)
    dataset = pydicom.dcmread(folder / "film")
    tag = Tag(tag_for_keyword(keyword) or 0)
    with warnings.catch_warnings(action="ignore"):
        dataset[tag] = DataElement(tag, "LO", f"{WORD} 1")
        dataset.save_as(folder / "film", enforce_file_format=True)
    content = (folder / "film").read_bytes()
    if as_text:
        return content
    head = tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little")
    vr = dictionary_VR(tag).split(" or ", maxsplit=1)[0].encode()
    assert head + b"LO" in content
    return content.replace(head + b"LO", head + vr, 1)
