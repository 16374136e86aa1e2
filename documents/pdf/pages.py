"""The pages of the PDF: notice, period and number on each of them."""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from documents.pdf.styles import BAD, BOLD, REGULAR, RULE, SOFT
from inference.labels import NOTICE

MARGIN = 16 * mm
TOP, BOTTOM = 20 * mm, 21 * mm
WIDTH = A4[0] - 2 * MARGIN
HEIGHT = A4[1] - TOP - BOTTOM


class Document(BaseDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """A report on A4 whose headings are in the outline.

    Parameters
    ----------
    stream : BinaryIO
        What it is written to.
    title, period : str
        Of the file, and at the head of each page.
    """

    def __init__(self, stream: BinaryIO, title: str, period: str) -> None:
        facts = {"title": title, "subject": NOTICE, "author": "xray-watch", "creator": "xray-watch", "lang": "en"}
        super().__init__(stream, pagesize=A4, invariant=1, pageCompression=1, initialFontName=REGULAR, **facts)
        self.period = period
        frame = Frame(MARGIN, BOTTOM, WIDTH, HEIGHT, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate("page", [frame])])

    def write(self, story: Sequence[Flowable]) -> None:
        """Lay the story out on pages and write them."""
        period = self.period

        class NumberedCanvas(_NumberedCanvas):
            head = period

        self.build(list(story), canvasmaker=NumberedCanvas)

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  (reportlab's name)
        """Note in the outline where a section begins."""
        if getattr(flowable, "outline", None):
            key = f"section{self.seq.nextf('section')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.outline, key, 0)


class _NumberedCanvas(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Holds the pages back until their number is known."""

    head = ""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._held: list[Mapping[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  (reportlab's name)
        self._held.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for held in self._held:
            self.__dict__.update(held)
            self._draw_margins(len(self._held))
            super().showPage()
        super().save()

    def _draw_margins(self, pages: int) -> None:
        right = A4[0] - MARGIN
        self.setFont(REGULAR, 7.5)
        self.setFillColor(SOFT)
        self.drawString(MARGIN, A4[1] - 12 * mm, f"xray-watch report · {self.head}")
        self.drawRightString(right, 11 * mm, f"{self._pageNumber} / {pages}")
        self.setStrokeColor(RULE)
        self.line(MARGIN, 15.5 * mm, right, 15.5 * mm)
        self.setFont(BOLD, 8)
        self.setFillColor(BAD)
        self.drawString(MARGIN, 11 * mm, NOTICE)
