"""What the figures of a run say: the whole product against its single steps and against what others do."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench.films import RAW
from bench.others import NOTEBOOK, TORCHXRAYVISION
from bench.rounds import Ratio
from bench.steps import Steps
from documents.figures import say_duration, say_number

JPEG_2000 = "DICOM, JPEG 2000"
SHARE = 0.95
TIMES = {(NOTEBOOK, RAW.name): 6, (NOTEBOOK, JPEG_2000): 15, (TORCHXRAYVISION, RAW.name): 8}
READING = ("read and hash", "decode and window", "normalize")
Figures = dict[str, Any]


def add_up(steps: Steps) -> float:
    """Return the CPU seconds of all single steps of a film."""
    return sum(worked for worked, _ in steps.values())


def find_share(figures: Figures, kind: Figures) -> Ratio:
    """Return the whole product as a share of the limit: the single steps' CPU seconds, on the core time that was ours.

    What others took of the cores during a flood was not ours. Where that is much nothing can be said, since they may
    have taken what the flood left idle.
    """
    cores = figures["machine"]["cores"]
    return Ratio.over(
        add_up(each["alone"])
        * each["flood"]["files"]
        / (cores * each["flood"]["seconds"] - each["flood"]["other_seconds"])
        for each in kind["rounds"]
    )


def find_taken_by_others(figures: Figures, kind: Figures) -> float:
    """Return what others took of the cores during the floods of a kind."""
    cores = figures["machine"]["cores"]
    floods = [each["flood"] for each in kind["rounds"]]
    return float(sum(flood["other_seconds"] for flood in floods) / (cores * sum(flood["seconds"] for flood in floods)))


def find_times(kind: Figures, way: str) -> tuple[Ratio, Ratio]:
    """Return how many times as fast the whole product is as another way, in rates and in CPU seconds.

    A way that answers nothing is held against our reading and normalizing alone, one core against one.
    """
    if way == TORCHXRAYVISION:
        ours = [
            tuple(sum(each["alone"][step][place] for step in READING) for place in (0, 1)) for each in kind["rounds"]
        ]
        spent = [worked for worked, _ in ours]
        lasted = [worked + waited for worked, waited in ours]
    else:
        floods = [each["flood"] for each in kind["rounds"]]
        spent = [(flood["reader_seconds"] + flood["beside_seconds"]) / flood["files"] for flood in floods]
        lasted = [flood["seconds"] / flood["files"] for flood in floods]
    theirs = [each[way] for each in kind["rounds"]]
    rates = Ratio.over(other[1] / own for other, own in zip(theirs, lasted, strict=True))
    return rates, Ratio.over(other[0] / own for other, own in zip(theirs, spent, strict=True))


def list_goals(figures: Figures) -> Sequence[tuple[str, str, str]]:
    """Return goal, figure, and whether it is reached or nothing can be said, for the machine of these figures."""
    goals = []
    for kind in figures["kinds"]:
        taken = find_taken_by_others(figures, kind)
        if kind["kind"] != JPEG_2000:
            share = find_share(figures, kind)
            goals.append(
                (f"{kind['kind']}: {SHARE:.0%} of the CPU limit", f"{share.say(0, 100)} %", share.judge(SHARE, taken))
            )
        for (way, name), goal in TIMES.items():
            if name == kind["kind"] and way in kind["rounds"][0]:
                times, _ = find_times(kind, way)
                verdict = times.judge(goal, 0.0 if way == TORCHXRAYVISION else taken)
                goals.append((f"{name}: {goal} times {way}", f"{times.say()} times", verdict))
    return goals + [
        (goal, found, "reached" if is_reached else "missed") for goal, found, is_reached in _list_service(figures)
    ]


def _list_service(figures: Figures) -> Iterator[tuple[str, str, bool]]:
    service = figures["service"]
    p95, start = service["latency_p95"], service["start_seconds"]
    idle, memory = service["idle_share"], service["crowd_memory"] / 2**20
    yield "drop to row beyond the stability wait, 95th percentile: 100 ms", f"{1000 * p95:.0f} ms", p95 <= 0.1
    yield "start to first row: 2 s", say_duration(start), start <= 2
    name = f"idle with {service['processed']:,} processed files: 1 % of a core"
    yield name, f"{say_number(100 * idle, 1)} %", idle < 0.01
    yield f"watcher, {service['crowd']:,} files at once: 300 MiB", f"{memory:.0f} MiB", memory < 300
