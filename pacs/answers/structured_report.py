"""The answer for machines: an imaging measurement report (PS3.16 TID 1500), as IHE AI Results has it.

A group for the answer as a whole, whatever it is, and one for each class that the model knows: its probability, the
operating point, and the condition that such a pattern suggests. All refer to the film.
"""

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from imaging.dicom.own_objects import MANUFACTURER, MODEL_NAME, make_uid_within
from inference.labels import NOTICE, Label
from pacs.answers import codes
from pacs.answers.facts import AnswerFacts
from pacs.answers.header import build_header, refer_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from highdicom.sr import (
        AlgorithmIdentification,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
    )
    from highdicom.sr.coding import CodedConcept

SR_CLASSES = (str(Comprehensive3DSRStorage), str(ComprehensiveSRStorage))
"""In the order in which they are offered; the content is the same."""
DIGITS = 6  # of a probability; DS has 16 characters


def build_report(film: Dataset, facts: AnswerFacts, sop_class_uid: str, instance_uid: str) -> Dataset:
    """Make the structured report of an answer.

    Parameters
    ----------
    film : Dataset
        Its header, from ``read_film_header``.
    sop_class_uid : str
        One of ``SR_CLASSES``.
    """
    made = build_header(film, facts, sop_class_uid, instance_uid, "SR")
    made.CompletionFlag, made.VerificationFlag, made.PreliminaryFlag = "COMPLETE", "UNVERIFIED", "PRELIMINARY"
    made.PerformedProcedureCodeSequence = []
    made.ReferencedPerformedProcedureStepSequence = []
    made.CurrentRequestedProcedureEvidenceSequence = [_list_evidence(film)]
    made.CodingSchemeIdentificationSequence = [_name_private_scheme()]
    for element in _build_content(film, facts, instance_uid):
        made[element.tag] = element
    return made


def _list_evidence(film: Dataset) -> Dataset:
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = film.SeriesInstanceUID, [refer_to(film)]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = film.StudyInstanceUID, [series]
    return study


def _name_private_scheme() -> Dataset:
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = codes.PRIVATE_SCHEME, codes.PRIVATE_SCHEME_NAME
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    return scheme


def _build_content(film: Dataset, facts: AnswerFacts, instance_uid: str) -> Dataset:
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
        RelationshipTypeValues,
        TextContentItem,
    )
    from pydicom.sr.codedict import codes as standard

    device = DeviceObserverIdentifyingAttributes(
        uid=make_uid_within(instance_uid, "device"), name=MANUFACTURER, manufacturer_name=MANUFACTURER,
        model_name=MODEL_NAME,
    )  # fmt: skip
    report = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=ObserverContext(standard.DCM.Device, device)),
        procedure_reported=_coded(codes.PROCEDURE),
        imaging_measurements=list(_build_groups(film, facts, instance_uid)),
        title=_coded(codes.MEASUREMENT_REPORT),
    )
    notice = TextContentItem(_coded(codes.COMMENT), NOTICE, RelationshipTypeValues.CONTAINS)
    report[0].ContentSequence.append(notice)
    return report[0]


def _build_groups(
    film: Dataset, facts: AnswerFacts, instance_uid: str
) -> "Iterator[MeasurementsAndQualitativeEvaluations]":
    yield _build_answer(film, facts, instance_uid)
    for label, probability in facts.probabilities.items():
        yield _build_class(film, facts, instance_uid, label, probability)


def _build_answer(film: Dataset, facts: AnswerFacts, instance_uid: str) -> "MeasurementsAndQualitativeEvaluations":
    """Say how the screening ended, also where nothing was found or asked: no answer is not a negative one."""
    from highdicom.sr import QualitativeEvaluation, RelationshipTypeValues, TextContentItem

    outcome = QualitativeEvaluation(_coded(codes.OUTCOME), _coded(codes.OUTCOMES[facts.outcome]))
    finding = codes.PATTERNS[facts.label] if facts.label else codes.ANSWER
    group = _build_group(film, facts, instance_uid, "answer", finding, outcome)
    said = " ".join(filter(None, (facts.reason, NOTICE)))
    group[0].ContentSequence.append(TextContentItem(_coded(codes.COMMENT), said, RelationshipTypeValues.CONTAINS))
    return group


def _build_class(
    film: Dataset, facts: AnswerFacts, instance_uid: str, label: Label, probability: float
) -> "MeasurementsAndQualitativeEvaluations":
    from highdicom.sr import Measurement, QualitativeEvaluation

    unit = _coded(codes.NO_UNITS)
    measured = [Measurement(_coded(codes.PROBABILITY), round(probability, DIGITS), unit)]
    if label in facts.operating_points:
        point = round(facts.operating_points[label], DIGITS)
        measured.append(Measurement(_coded(codes.OPERATING_POINT), point, unit))
    suggests = QualitativeEvaluation(_coded(codes.CONDITION), _coded(codes.CONDITIONS[label]))
    return _build_group(film, facts, instance_uid, label.value, codes.PATTERNS[label], suggests, measured)


def _build_group(
    film: Dataset,
    facts: AnswerFacts,
    instance_uid: str,
    name: str,
    finding: codes.Code,
    evaluation: "QualitativeEvaluation",
    measurements: "Sequence[Measurement]" = (),
) -> "MeasurementsAndQualitativeEvaluations":
    from highdicom.sr import (
        FindingSite,
        MeasurementsAndQualitativeEvaluations,
        SourceImageForMeasurementGroup,
        TrackingIdentifier,
    )

    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(make_uid_within(instance_uid, name), f"{MANUFACTURER} {name}"),
        finding_type=_coded(finding),
        finding_sites=[FindingSite(_coded(codes.LUNG))],
        algorithm_id=_name_algorithm(facts),
        measurements=measurements,
        qualitative_evaluations=[evaluation],
        source_images=[SourceImageForMeasurementGroup(film.SOPClassUID, film.SOPInstanceUID)],
    )


def _name_algorithm(facts: AnswerFacts) -> "AlgorithmIdentification":
    from highdicom.sr import AlgorithmIdentification

    points = (f"operating point {name} {point:.6g}" for name, point in facts.operating_points.items())
    bundle = [f"bundle sha256 {facts.model_sha256}"] if facts.model_sha256 else []
    return AlgorithmIdentification(MANUFACTURER, facts.model_version or "no model asked", [*bundle, *points])


def _coded(code: codes.Code) -> "CodedConcept":
    from highdicom.sr.coding import CodedConcept

    return CodedConcept(value=code.value, scheme_designator=code.scheme, meaning=code.meaning)
