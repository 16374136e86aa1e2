"""From a row of the ledger and the film itself to an object; in the process that sends, never in one that screens."""

import threading
import warnings
from dataclasses import dataclass, field
from datetime import tzinfo

from pydicom.dataset import Dataset

from imaging import RadiographError, decode_radiograph, read_source
from inference.bundle import Bundle, BundleError, read_bundle
from inference.classifier import Classifier
from inference.explanation.occlusion import explain
from pacs.answers.facts import AnswerFacts
from pacs.answers.header import read_film_header
from pacs.answers.secondary_capture import SC_CLASS, build_capture
from pacs.answers.structured_report import build_report
from pacs.errors import AnswerNotMadeError
from store.questions.answers import RecordedAnswer


@dataclass(slots=True)
class AnswerMaker:
    """Makes objects, one at a time: models and libraries are loaded once, and not for several threads.

    Attributes
    ----------
    zone : tzinfo
        The site's time zone, in which objects say when a film was screened.
    max_file_bytes : int
        As in screening.
    """

    zone: tzinfo
    max_file_bytes: int
    _bundles: dict[str, Bundle] = field(default_factory=dict)
    _classifier: Classifier | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def make(self, answer: RecordedAnswer, sop_class_uid: str, instance_uid: str) -> Dataset:
        """Make one object.

        Raises
        ------
        NoStudyError
            The file names no study.
        AnswerNotMadeError
            The film or its model is not where it was: worth another try.
        OSError
            The film cannot be read now.
        """
        # pydicom warns of a film's odd values and quotes them
        with self._turn, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = self._read_film(answer)
            film, facts = read_film_header(content), self._describe(answer)
            if sop_class_uid == SC_CLASS:
                return self._draw(film, facts, instance_uid, content)
            return build_report(film, facts, sop_class_uid, instance_uid)

    def _read_film(self, answer: RecordedAnswer) -> bytes:
        """Read the very bytes that were screened, wherever they lie by now."""
        for place in answer.places:
            try:
                source = read_source(place, self.max_file_bytes)
            except (FileNotFoundError, NotADirectoryError, RadiographError):
                continue
            if source.sha256 == answer.source_sha256:
                return source.content
        raise AnswerNotMadeError(f"arrival {answer.arrival_id}: its file is neither in the home nor in its folder")

    def _describe(self, answer: RecordedAnswer) -> AnswerFacts:
        code, sentence = answer.reason_code, answer.reason
        return AnswerFacts(
            source_sha256=answer.source_sha256,
            outcome=answer.outcome,
            answered_at=answer.answered_at.astimezone(self.zone),
            label=answer.label,
            probabilities=answer.probabilities,
            reason=": ".join(filter(None, (code, sentence))),
            model_version=answer.model_version,
            model_sha256=answer.model_sha256,
            operating_points=self._find_bundle(answer).operating_points if answer.model_sha256 else {},
        )

    def _find_bundle(self, answer: RecordedAnswer) -> Bundle:
        """Return the bundle that gave the answer, and no other: what an object says of a model must be its own."""
        sha256, folder = answer.model_sha256 or "", answer.model_folder
        if sha256 not in self._bundles and folder is not None:
            try:
                bundle = read_bundle(folder)
            except BundleError as error:
                raise AnswerNotMadeError(f"the model {answer.model_version} cannot be read: {error}") from None
            if bundle.model_sha256 == sha256:
                self._bundles[sha256] = bundle
        if sha256 not in self._bundles:
            raise AnswerNotMadeError(f"the model {answer.model_version} is no longer in its folder: put it back")
        return self._bundles[sha256]

    def _draw(self, film: Dataset, facts: AnswerFacts, instance_uid: str, content: bytes) -> Dataset:
        classifier = self._load(self._bundles[facts.model_sha256 or ""])
        try:
            radiograph = decode_radiograph(content)
            evidence = explain(classifier, radiograph, classifier.predict_radiograph(radiograph))
        except RadiographError as error:
            raise AnswerNotMadeError(
                f"the film is refused now ({error.reason_code}), which was judged before"
            ) from None
        return build_capture(film, facts, instance_uid, radiograph, evidence)

    def _load(self, bundle: Bundle) -> Classifier:
        if self._classifier is None or self._classifier.bundle.model_sha256 != bundle.model_sha256:
            self._classifier = Classifier.load(bundle)
        return self._classifier
