"""What readers say of films on the page: appended, never changed; the newest of a film becomes its reference label."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from inference.labels import Label
from store.columns import database_now
from store.database import wait_for_turn
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from store.tables import reference_labels, reviews, screenings, users

LONGEST_COMMENT = 2000


class Verdict(StrEnum):
    """What a reader says of an answer."""

    AGREE = "agree"
    ANOTHER_LABEL = "another_label"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class NewReview:
    """A review before it is recorded.

    Attributes
    ----------
    source_sha256 : str
        The film, by its bytes.
    arrival_id : int
        On whose page.
    answer : Label or None
        The label that was given to the film; None where it was given none.
    label : Reference or None
        What it is instead, where the verdict is another label; else None.
    """

    source_sha256: str
    arrival_id: int
    user_id: int
    verdict: Verdict
    answer: Label | None
    label: Reference | None
    comment: str = ""

    @property
    def reference(self) -> Reference | None:
        """What the reader takes the film for; None where they do not say."""
        if self.verdict is Verdict.AGREE and self.answer is not None:
            return Reference(self.answer)
        return self.label


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it stands in the ledger; ``is_corrected``: the same reader has said something else since."""

    user_name: str
    verdict: Verdict
    label: Reference | None
    comment: str
    made_at: datetime
    is_corrected: bool


def record_review(connection: Connection, review: NewReview) -> None:
    """Append a review; the film has been looked at then, and what RT-PCR or others said of it stays as it is."""
    wait_for_turn(connection, f"review {review.source_sha256}")  # a button that is pressed twice
    same_film = reviews.c.source_sha256 == review.source_sha256
    own = select(func.max(reviews.c.id)).where(same_film, reviews.c.user_id == review.user_id)
    values = {name: getattr(review, name) for name in ("source_sha256", "arrival_id", "user_id", "verdict", "label")}
    comment = review.comment.strip()[:LONGEST_COMMENT]
    corrects = connection.scalar(own)
    connection.execute(insert(reviews).values(made_at=database_now(), comment=comment, corrects=corrects, **values))
    screened = screenings.c.source_sha256 == review.source_sha256
    connection.execute(update(screenings).where(screened).values(reviewed_at=database_now()))
    if review.reference is not None:
        record_references(connection, [ReferenceLabel(review.source_sha256, ReferenceSource.REVIEW, review.reference)])
        return
    r = reference_labels.c  # a correction takes back what an earlier review said
    withdrawn = (r.source_sha256 == review.source_sha256) & (r.source == ReferenceSource.REVIEW)
    connection.execute(delete(reference_labels).where(withdrawn))


def list_reviews(connection: Connection, source_sha256: str) -> list[Review]:
    """Return the reviews of a film, the newest first."""
    r, later = reviews.c, reviews.alias("later")
    columns = (users.c.name, r.verdict, r.label, r.comment, r.made_at, later.c.id.is_not(None))
    joined = reviews.join(users, users.c.id == r.user_id).outerjoin(later, later.c.corrects == r.id)
    statement = select(*columns).select_from(joined).where(r.source_sha256 == source_sha256).order_by(r.id.desc())
    return [
        Review(name, Verdict(verdict), label and Reference(label), comment, made_at, bool(is_corrected))
        for name, verdict, label, comment, made_at, is_corrected in connection.execute(statement)
    ]
