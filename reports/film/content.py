"""What is known of one film, in blocks: the terminal, the page and whatever else draws blocks show the same."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo

from documents.blocks import Block, Bullets, Cell, CellKind, Column, Content, Row, Section, Sentences, Table, Tile
from documents.figures import ABSENT, say_count, say_duration, say_number
from imaging import NOTES
from inference.labels import OTHER_FINDING
from reports.columns import FILE_NAME, RECEIVED_AT
from reports.film.facts import LISTED, FilmFacts
from reports.outcomes import MEANINGS, say_end
from reports.wording import SOURCES, name_label, name_priority
from store.questions.film import FilmRecord
from store.questions.queries import Result
from store.questions.selection import Part, find_part
from store.states import ArrivalState

PAIRS = (Column("", CellKind.WORDS, 0.28), Column("", CellKind.NAME, 0.72))
HEADER = {
    "station_name": "Station Name",
    "manufacturer": "Manufacturer",
    "modality": "Modality",
    "view_position": "View Position",
    "body_part_examined": "Body Part Examined",
    "patient_age_years": "age in years",
    "patient_sex": "Patient's Sex",
    "accession_number": "Accession Number",
    "patient_id": "Patient ID",
    "sop_instance_uid": "SOP Instance UID",
    "study_instance_uid": "Study Instance UID",
    "series_instance_uid": "Series Instance UID",
    "sop_class_uid": "SOP Class UID",
    "transfer_syntax_uid": "Transfer Syntax UID",
    "photometric_interpretation": "Photometric Interpretation",
    "presentation_intent_type": "Presentation Intent Type",
    "rows": "Rows",
    "columns": "Columns",
    "bits_stored": "Bits Stored",
    "source_format": "format",
}
EVENTS = {
    "quarantine_released": "released from quarantine: it went the one way again, as another arrival",
    "sop_instance_conflict": "another film with its SOP Instance UID was known",
}
KINDS = {"sr": "structured report", "sc": "picture"}
FILMS = (
    Column("arrival", CellKind.WORDS, 0.12),
    FILE_NAME.in_table(0.34),
    RECEIVED_AT.in_table(0.22),
    Column("result", CellKind.WORDS, 0.32),
)
REFERENCES = (
    Column("source", CellKind.WORDS, 0.25),
    Column("reference", CellKind.WORDS, 0.25),
    Column("obtained", CellKind.MOMENT, 0.25),
    Column("recorded", CellKind.MOMENT, 0.25),
)
DELIVERIES = (
    Column("target", CellKind.NAME, 0.2),
    Column("what", CellKind.WORDS, 0.2),
    Column("state", CellKind.WORDS, 0.15),
    Column("delivered", CellKind.MOMENT, 0.2),
    Column("last answer", CellKind.NAME, 0.25),
)
SENDINGS = (Column("report", CellKind.NAME, 0.6), Column("sent", CellKind.MOMENT, 0.4))


def build_film(facts: FilmFacts, zone: tzinfo) -> Content:
    """Build all that is known of one film; its times are those of the zone."""
    result = facts.record.result
    sections = (
        _build_refusal(facts),
        _build_answer(facts),
        _build_file(facts),
        _build_header(facts),
        _build_steps(facts, zone),
        _build_references(facts, zone),
        _build_films("conflicts", "Conflict", "Films with its SOP Instance UID and other bytes.", facts.same_uid, zone),
        _build_films("earlier", "Earlier films", "Of the same patient, the newest first.", facts.earlier, zone),
        _build_deliveries(facts, zone),
        _build_sendings(facts, zone),
    )
    return Content(
        title=f"Film {result.arrival_id}",
        period=result.file_name,
        verdict=list(_say_verdict(facts)),
        warnings=list(_say_warnings(facts)),
        tiles=_build_tiles(facts),
        sections=[section for section in sections if section is not None],
        name=f"Film {result.arrival_id}",
    )


def build_list(asked: str, films: Sequence[Result], zone: tzinfo) -> Content:
    """Build the list of films that one word means, as the films of one study."""
    table = Table("", FILMS, [_build_film_row(film, zone) for film in films])
    lead = "'xray-cli show' and the number of an arrival says all of one film."
    return Content(
        title="Films",
        period=asked,
        verdict=[f"{say_count(len(films), 'film')} found."],
        warnings=[],
        tiles=[],
        sections=[Section("films", "Films", lead, [table])],
    )


def _say_verdict(facts: FilmFacts) -> Iterator[str]:
    result = facts.record.result
    part = find_part(result.state, result.outcome)
    yield f"{say_end(result)}: {MEANINGS[part]}."
    if part is Part.DUPLICATE:
        yield f"The first result answers: see arrival {facts.record.answered_by}."
    if result.label is not None and result.reason_code:
        yield f"Marked as {result.reason_code}. {facts.advice}"


def _say_warnings(facts: FilmFacts) -> Iterator[str]:
    result = facts.record.result
    if result.conflict or facts.same_uid:
        other = result.conflict_with or "a film that was pruned"
        yield f"Its SOP Instance UID came with other bytes too: {other}. Both are kept; ask the source why."
    if facts.lies_at is not None and not facts.is_there:
        yield "The file is not seen at its place from this machine."
    if facts.is_stuck:
        yield f"The service could not move the file: it still lies in the inbox, not at {facts.record.stored_path}."


def _build_tiles(facts: FilmFacts) -> list[Tile]:
    probabilities, points = facts.record.result.probabilities or {}, facts.operating_points or {}
    return [
        Tile(name_label(label), say_number(share), f"operating point {say_number(points.get(label))}")
        for label, share in probabilities.items()
    ]


def _build_refusal(facts: FilmFacts) -> Section | None:
    result = facts.record.result
    if result.reason_code is None or result.label is not None:
        return None
    said = (("reason", result.reason_code), ("found", result.reason), ("what to do", facts.advice))
    rows = [(name, words) for name, words in said if words]
    return Section("refusal", "Why it has no label", "", [_build_pairs(rows)])


def _build_answer(facts: FilmFacts) -> Section | None:
    result, points = facts.record.result, facts.operating_points
    if result.model_version is None:
        return None
    blocks: list[Block] = []
    if result.probabilities:
        columns = (
            Column("label", CellKind.WORDS, 0.3),
            Column("probability", CellKind.PROBABILITY, 0.2),
            Column("operating point", CellKind.NUMBER, 0.25),
            Column("given", CellKind.WORDS, 0.25),
        )
        rows = [
            Row([name_label(label), share, (points or {}).get(label), "yes" if label is result.label else ""], label)
            for label, share in result.probabilities.items()
        ]
        note = "" if points else "The operating points are not known: the model's bundle is not at its place any more."
        if points and OTHER_FINDING in points:
            other, point = name_label(OTHER_FINDING), say_number(points[OTHER_FINDING])
            note = f"No label is given where the model's output for {other} reaches its operating point, {point}."
            note = f"{note} What it is for this film is not recorded."
        blocks.append(Table("", columns, rows, note))
    model = [("model", result.model_version), ("hash of the model", result.model_sha256)]
    return Section("answer", "Answer", "", [*blocks, _build_pairs(model)])


def _build_file(facts: FilmFacts) -> Section:
    record, result = facts.record, facts.record.result
    rows = [
        ("lies at", str(facts.lies_at) if facts.lies_at else "nowhere any more"),
        ("received as", str(record.received_as)),
        ("inbox", str(record.inbox)),
        *([("sent by", record.sender)] if record.sender else []),
        ("size", say_count(record.size_bytes, "byte")),
        ("SHA-256", result.source_sha256),
        ("priority", result.priority and name_priority(result.priority)),
    ]
    return Section("file", "File", "", [_build_pairs(rows)])


def _build_header(facts: FilmFacts) -> Section:
    header = facts.record.header
    rows = [(words, None if header[name] is None else f"{header[name]}") for name, words in HEADER.items()]
    known = [(words, said) for words, said in rows if said is not None]
    absent = ", ".join(words for words, said in rows if said is None)
    blocks: list[Block] = [_build_pairs(known)] if known else [Sentences([_say_no_header(facts.record)])]
    if known and absent:
        blocks.append(Sentences([f"Not known: {absent}."]))
    if facts.record.result.notes:
        sentences = {str(note): sentence for note, sentence in NOTES.items()}
        blocks.append(Bullets([f"{note}: {sentences.get(note, '')}" for note in facts.record.result.notes]))
    return Section("header", "What the header says", "", blocks)


def _say_no_header(record: FilmRecord) -> str:
    if record.result.finished_at is None:
        return "The file was not read yet."
    if record.result.state is ArrivalState.VANISHED:
        return "The file had gone before its header was read."
    return "Nothing of a header could be read."


def _build_steps(facts: FilmFacts, zone: tzinfo) -> Section:
    steps = list(_list_steps(facts))
    columns = (Column("when", CellKind.MOMENT, 0.3), Column("step", CellKind.WORDS, 0.7))
    rows = [Row([at.astimezone(zone), step]) for at, step in sorted(steps, key=lambda step: step[0])]
    return Section("steps", "Steps", "", [Table("", columns, rows), Sentences(list(_say_attempts(facts)))])


def _list_steps(facts: FilmFacts) -> Iterator[tuple[datetime, str]]:
    record, result = facts.record, facts.record.result
    moments = (
        (result.received_at, "received: complete in the inbox"),
        (record.queued_at, "queued"),
        (record.started_at, "started"),
        (result.finished_at, f"finished: {say_end(result)}"),
        *((event.at, EVENTS.get(event.action, event.action.replace("_", " "))) for event in record.events),
    )
    yield from ((at, step) for at, step in moments if at is not None)


def _say_attempts(facts: FilmFacts) -> Iterator[str]:
    record, result = facts.record, facts.record.result
    if result.finished_at is not None:
        took = say_duration(max(0.0, (result.finished_at - result.received_at).total_seconds()))
        yield f"From received to finished {took}."
    if record.attempts or record.transient_faults:
        spoilt = say_count(record.attempts, "attempt")
        faults = say_count(record.transient_faults, "attempt")
        yield f"{spoilt} spoilt by the file itself, {faults} by disk, database or a killed worker."


def _build_references(facts: FilmFacts, zone: tzinfo) -> Section | None:
    rows = [
        Row([SOURCES[one.source], name_label(one.reference), *_local(zone, one.obtained_at, one.recorded_at)])
        for one in facts.record.references
    ]
    return _build_table("references", "Reference labels", "", REFERENCES, rows)


def _build_films(key: str, heading: str, lead: str, films: Sequence[Result], zone: tzinfo) -> Section | None:
    note = f"{LISTED} at most." if len(films) == LISTED else ""
    return _build_table(key, heading, lead, FILMS, [_build_film_row(film, zone) for film in films], note)


def _build_film_row(film: Result, zone: tzinfo) -> Row:
    cells: list[Cell] = [f"{film.arrival_id:08d}", film.file_name, film.received_at.astimezone(zone), say_end(film)]
    return Row(cells, film.label or "")


def _build_deliveries(facts: FilmFacts, zone: tzinfo) -> Section | None:
    rows = [
        Row([one.target, KINDS.get(one.kind, one.kind), one.state, *_local(zone, one.delivered_at), one.last_words])
        for one in facts.record.deliveries
    ]
    return _build_table("deliveries", "Sent to the PACS", "", DELIVERIES, rows)


def _build_sendings(facts: FilmFacts, zone: tzinfo) -> Section | None:
    rows = [Row([one.id, *_local(zone, one.sent_at)]) for one in facts.sendings]
    return _build_table("sendings", "Sent with", "The reports of its day.", SENDINGS, rows)


def _build_table(
    key: str, heading: str, lead: str, columns: Sequence[Column], rows: Sequence[Row], note: str = ""
) -> Section | None:
    """Build a section of one table; none where it has no rows."""
    return Section(key, heading, lead, [Table("", columns, rows, note)]) if rows else None


def _build_pairs(pairs: Iterable[tuple[str, str | None]]) -> Table:
    return Table("", PAIRS, [Row([name, ABSENT if said is None else said]) for name, said in pairs])


def _local(zone: tzinfo, *moments: datetime | None) -> list[datetime | None]:
    return [moment and moment.astimezone(zone) for moment in moments]
