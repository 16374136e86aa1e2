"""Sentences on whom a model was learnt from: each is said only where the facts of its run make it true."""

from collections.abc import Iterator, Mapping

from documents.figures import say_count
from documents.markdown import quote
from inference.labels import OTHER_FINDING
from training.evaluation.card.facts import CardFacts, claim, read_toml

GROUPS: Mapping[str, str] = {"adult": "adults", "paediatric": "children"}
FEW_OF_ANOTHER_AGE = 0.05
"""Share of a class's films up to which the age group that they are of does not count as learnt from."""


def list_sources(facts: CardFacts) -> dict[str, dict[str, int]]:
    """Return for each class the films of each source that made the model, in training and validation."""
    films = facts.metrics.training.films
    found: dict[str, dict[str, int]] = {str(label): {} for label in facts.bundle.labels}
    for counts in (films.train, films.validation):
        for name, count in counts.items():
            label, _, source = name.partition("/")
            if label in found:
                found[label][source] = found[label].get(source, 0) + count
    return {label: sources for label, sources in found.items() if sources}


def find_group(facts: CardFacts, label: str) -> str | None:
    """Return `adult` or `paediatric` where the films of a class are of one of them, as far as ages are known."""
    ages = facts.training.ages.get(label, {})
    known = {group: ages.get(group, 0) for group in GROUPS}
    total = sum(known.values())
    return next((group for group, count in known.items() if total and count >= (1 - FEW_OF_ANOTHER_AGE) * total), None)


def say_entangled(facts: CardFacts) -> str:
    """Say whether the class of a film follows from its source or its patient's age."""
    sources = list_sources(facts)
    if not sources:
        return "**The bundle does not say which films it was trained on.**"
    tangles = [name for name, is_so in (("source", _differ(sources)), ("age", _ages_differ(facts, sources))) if is_so]
    parts = "; ".join(_describe_label(facts, label, each) for label, each in sources.items())
    if not tangles:
        return f"{parts}."
    things = ", ".join(["Class", *tangles[:-1]])
    ends = claim("limits.shortcut").format(things=" or the ".join(tangles))
    return f"**{things} and {tangles[-1]} are entangled in its data.** {parts}. {ends}"


def _differ(sources: Mapping[str, Mapping[str, int]]) -> bool:
    return len({frozenset(each) for each in sources.values()}) > 1


def _ages_differ(facts: CardFacts, sources: Mapping[str, Mapping[str, int]]) -> bool:
    known = [label for label in sources if _count_known(facts, label)]
    return len({find_group(facts, label) for label in known}) > 1


def _count_known(facts: CardFacts, label: str) -> int:
    ages = facts.training.ages.get(label, {})
    return sum(ages.get(group, 0) for group in GROUPS)


def _describe_label(facts: CardFacts, label: str, sources: Mapping[str, int]) -> str:
    films = say_count(sum(sources.values()), "film")
    names = ", ".join(f"{count:,} {quote(source)}" for source, count in sorted(sources.items()))
    origin = f"all from {quote(next(iter(sources)))}" if len(sources) == 1 else f"from {names}"
    return f"`{label}`: {films}, {origin}, {_describe_ages(facts, label)}"


def _describe_ages(facts: CardFacts, label: str) -> str:
    ages = facts.training.ages.get(label, {})
    parts = [f"{ages[group]:,} of {name}" for group, name in GROUPS.items() if ages.get(group)]
    unknown = [f"{ages['unknown']:,} of unknown age"] if ages.get("unknown") else []
    return ", ".join([*parts, *unknown]) or "of unknown age"


def say_ages(facts: CardFacts) -> Iterator[str]:
    """Say which answers stand on nobody of the patient's age, or on hardly anybody."""
    for label in facts.bundle.labels:
        if group := find_group(facts, label):
            other, whose = ("paediatric", "a child") if group == "adult" else ("adult", "an adult")
            count, known = facts.training.ages[label].get(other, 0), _count_known(facts, label)
            films = say_count(count, "film") if count else "no film"
            total = say_count(known, "film")
            yield f"**A `{label}` answer for {whose} stands on {films} of {whose}**, of {total} with a known age."


def say_known(facts: CardFacts) -> str:
    """Say of how many films age, sex and view are known."""
    films = sum(sum(each.values()) for each in list_sources(facts).values())
    unknown = facts.training.films_with_unknown
    if not films or not unknown:
        return f"The bundle does not say of how many films age, sex and view are known. {claim('limits.not_asked')}"
    names = {"age_group": "age", "sex": "sex", "view": "view"}
    parts = [f"the {names[name]} of {films - unknown[name]:,}" for name in names if name in unknown]
    return f"Of {films:,} films of the classes these are known: {', '.join(parts)}. {claim('limits.not_asked')}"


def say_patients(facts: CardFacts) -> str:
    """Say whether patients were kept apart."""
    nameless = facts.training.films_without_patient
    if nameless is None:
        return "The bundle does not say of how many films the patients were known."
    if not nameless:
        return claim("data.patients_apart")
    return f"Of {say_count(nameless, 'film')} no patient is known. {claim('data.patients_unknown')}"


def say_backbone(facts: CardFacts) -> str:
    """Say what the network started from."""
    start = facts.training.starts_from
    name = str(facts.settings.get("backbone") or "")
    backbone = f"The backbone, `{name}`," if name else "The backbone"
    if start == "imagenet-file":
        return f"{backbone} {claim('making.imagenet')}"
    if start == "random":
        return f"{backbone} {claim('making.random')}"
    return f"{backbone} {claim('making.other').format(start=quote(start or 'weights that the bundle does not name'))}"


def say_labels_from(facts: CardFacts) -> str:
    """Say where the reference labels come from: of films of known collections more than of a user's own."""
    known = read_toml("sources.toml")
    named = {source for sources in list_sources(facts).values() for source in sources}
    name = "labels_of_collections" if named and named <= known.keys() else "labels_given"
    return f"{claim('limits.no_virus')} {claim(f'limits.{name}')} {claim('limits.clear_film')}"


def has_other_findings(facts: CardFacts) -> bool:
    """Say whether the model has learnt from films with other findings."""
    return OTHER_FINDING in facts.bundle.outputs
