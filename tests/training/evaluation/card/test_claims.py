"""Cards of made-up runs: each claim stands in a card exactly where the run makes it true."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.bundle import SHIPPED_BUNDLE, Bundle
from inference.labels import LABELS, OTHER_FINDING
from tests.training.evaluation.card.test_card import LEFT_OUT, make_bundle, make_evaluation
from training.evaluation.card.card import render_card
from training.evaluation.card.facts import read_toml

SOURCES = ("cohen", "kermany512", "nih", "our-hospital")
COUNTS = st.sampled_from([0, 0, 40])


@st.composite
def draw_runs(draw: st.DrawFn) -> dict[str, Any]:
    labels = draw(st.sampled_from([LABELS, (LABELS[0], LABELS[2]), LABELS[:2], LABELS[1:]]))
    has_others = draw(st.booleans())
    films = {
        f"{label}/{source}": draw(st.integers(1, 90))
        for label in labels
        for source in draw(st.sets(st.sampled_from(SOURCES), min_size=1))
    }
    fitted = draw(st.booleans())
    return {
        "labels": labels,
        "outputs": (*labels, OTHER_FINDING) if has_others else labels,
        "is_shipped": draw(st.booleans()),
        "films": {"train": films | ({"other_finding/nih": 9} if has_others else {}), "validation": {}},
        "ages": {str(label): {group: draw(COUNTS) for group in ("adult", "paediatric", "unknown")} for label in labels},
        "films_without_patient": draw(st.sampled_from([None, 0, 7])),
        "held_out_films_without_patient": draw(st.sampled_from([None, 0, 3])),
        "held_out_films_seen_by_weights": draw(st.sampled_from([None, 0, 5])),
        "starts_from": draw(st.sampled_from(["imagenet-file", "random", "bundle lite0", ""])),
        "backbone": draw(st.sampled_from(["efficientnet_lite0", "mobilenetv2"])),
        "epochs": draw(st.sampled_from([0, 3])),
        "calibration_fitted": fitted,
        "calibration_patients": {str(label): 4 for label in labels},
        "operating_points_chosen": draw(st.sampled_from([[], [str(labels[0])]])) if fitted else [],
    }


def make_run(run: dict[str, Any]) -> Bundle:
    training = {name: value for name, value in run.items() if name not in ("labels", "outputs", "is_shipped")}
    metrics = make_bundle().metrics
    bundle = make_bundle(
        training=training,
        per_class={str(label): metrics["per_class"][label] for label in run["labels"]},
        confusion_matrix=[[5] * len(run["labels"])] * len(run["labels"]),
        by_group={},
        other_finding={"n": 0},
    )
    shipped = {"model_version": SHIPPED_BUNDLE.name}
    points = dict.fromkeys(run["outputs"], 0.5)
    known = {"labels": tuple(map(str, run["labels"])), "outputs": run["outputs"], "operating_points": points}
    return replace(bundle, **known, **(shipped if run["is_shipped"] else {}))


def find_sources(run: dict[str, Any], label: str) -> set[str]:
    return {name.partition("/")[2] for name in run["films"]["train"] if name.startswith(f"{label}/")}


def is_only(run: dict[str, Any], label: str, group: str) -> bool:
    ages = run["ages"].get(label, {})
    other = "adult" if group == "paediatric" else "paediatric"
    return bool(ages.get(group)) and not ages.get(other)


def is_entangled_with_age(run: dict[str, Any]) -> bool:
    known = [label for label, ages in run["ages"].items() if ages["adult"] or ages["paediatric"]]
    return len({(is_only(run, label, "adult"), is_only(run, label, "paediatric")) for label in known}) > 1


def is_entangled_with_source(run: dict[str, Any]) -> bool:
    return len({frozenset(find_sources(run, label)) for label in run["labels"]}) > 1


def is_on_unseen(run: dict[str, Any]) -> bool:
    return run["held_out_films_seen_by_weights"] == 0 and run["held_out_films_without_patient"] == 0


CLAIMS = {
    "Patients were kept apart everywhere": lambda run: run["films_without_patient"] == 0,
    "Of 7 films no patient is known": lambda run: run["films_without_patient"] == 7,
    "trained on ImageNet": lambda run: run["starts_from"] == "imagenet-file",
    "started from random weights": lambda run: run["starts_from"] == "random",
    "`efficientnet_lite0`": lambda run: run["backbone"] == "efficientnet_lite0",
    "Every layer was trained from the start": lambda run: run["starts_from"] == "random",
    "Only the head was fitted": lambda run: run["starts_from"] != "random" and run["epochs"] == 0,
    "then the last layers with it": lambda run: run["starts_from"] != "random" and run["epochs"] > 0,
    "source and age are entangled": lambda run: is_entangled_with_source(run) and is_entangled_with_age(run),
    "Class and source are entangled": lambda run: is_entangled_with_source(run) and not is_entangled_with_age(run),
    "Class and age are entangled": lambda run: not is_entangled_with_source(run) and is_entangled_with_age(run),
    "A `viral_pneumonia` answer for an adult stands": lambda run: is_only(run, "viral_pneumonia", "paediatric"),
    "A `covid19` answer for a child stands": lambda run: is_only(run, "covid19", "adult"),
    "one hospital in Guangzhou": lambda run: any("kermany512" in find_sources(run, label) for label in run["labels"]),
    "unseen patients **of the same sources**": is_on_unseen,
    "no figure here is one on unseen patients": lambda run: (
        run["held_out_films_seen_by_weights"] != 0 or bool(run["held_out_films_without_patient"])
    ),
    "have seen a film of these patients": is_on_unseen,
    "| accuracy | 97.0 % or more | 91.0 % (88.0 to 94.0) | **missed** |": is_on_unseen,
    "| accuracy | 97.0 % or more | 91.0 % (88.0 to 94.0) | not on unseen patients |": lambda run: not is_on_unseen(run),
    "the figures are too kind": lambda run: run["held_out_films_seen_by_weights"] == 5,
    "Nothing was fitted": lambda run: not run["calibration_fitted"],
    "at which 95 %": lambda run: bool(run["operating_points_chosen"]),
    "internal output": lambda run: OTHER_FINDING in run["outputs"],
    "reason `other_finding`": lambda run: OTHER_FINDING in run["outputs"],
    "`normal` does not mean healthy": lambda run: "normal" in run["labels"],
    "viral": lambda run: "viral_pneumonia" in run["labels"],
    "what the collections say of each case": lambda run: (
        not any("our-hospital" in find_sources(run, label) for label in run["labels"])
    ),
    "with the lungs masked out | 58.8 %": lambda run: len(run["labels"]) == 2,
    "with the lungs masked out | 45.0 %": lambda run: len(run["labels"]) == 3,
    "set before the model was trained": lambda run: run["is_shipped"],
    "It was made as a yardstick": lambda run: run["is_shipped"],
    "looked at by no radiologist": lambda run: run["is_shipped"],
    "development and evaluation of a deep-learning classifier": lambda run: run["is_shipped"],
    "Whoever trained this model has to answer": lambda run: not run["is_shipped"],
}


@given(draw_runs())
@settings(max_examples=150, deadline=None)
def test_each_claim_stands_where_the_run_makes_it_true_and_nowhere_else(run: dict[str, Any]):
    card = " ".join(render_card(make_run(run)).split())
    for sentence, is_true in CLAIMS.items():
        assert (sentence in card) == is_true(run), sentence


SAMPLE = (
    {},
    {"is_shipped": True, "films_without_patient": 0, "films": {"train": {"covid19/cohen": 9}, "validation": {}}},
    {"starts_from": "random", "held_out_films_seen_by_weights": 0},
    {"starts_from": "bundle a", "calibration_fitted": False, "calibration_patients": {"covid19": 3}},
    {"epochs": 0, "held_out_films_seen_by_weights": 0, "held_out_films_without_patient": 0},
)
PLAIN: dict[str, Any] = {
    "labels": LABELS,
    "outputs": (*LABELS, OTHER_FINDING),
    "is_shipped": False,
    "films": {"train": {"covid19/cohen": 9, "normal/ours": 3}, "validation": {}},
    "films_without_patient": 7,
    "starts_from": "imagenet-file",
    "epochs": 3,
    "operating_points_chosen": ["covid19", OTHER_FINDING],
}


def test_every_sentence_that_is_written_down_stands_in_some_card():
    report = make_evaluation(works_without_lungs=True).to_json()
    whole = make_evaluation(works_without_lungs=True, dataset=report["dataset"] | {"n_files": 200, "n_seen": 200})
    cards = [render_card(make_run(PLAIN | each)) for each in SAMPLE] + [render_card(make_bundle(), whole)]
    cards.append(render_card(make_bundle(left_out_sources=LEFT_OUT)))
    said = " ".join(" ".join(cards).replace("\n> ", " ").split())
    for part in read_toml("claims.toml").values():
        for name, sentence in part.items():
            # a place for a name stands for whatever was put there
            pieces = " ".join(sentence.split()).replace("{things}", "{start}").split("{start}")
            assert all(piece in said for piece in pieces), name
