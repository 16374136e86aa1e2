"""What happens at ten, a thousand, a hundred thousand films an hour: a simulation fed with measured constants.

    python -m bench.scaling FIGURES.json        (what ``xray-cli bench --format json`` wrote)

First it takes the very flood that the benchmark measured, on the same number of cores, and says how far its answer is
from the measured rate; only then it speaks of other loads. Films queue for cores, and every film's transactions for the
database, which commits one at a time.
"""

import argparse
import heapq
import json
import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

TRANSACTIONS = 5
LOADS = (10, 1_000, 10_000, 100_000)  # films an hour
MACHINES = (2, 8, 32)  # cores
SIMULATED_FILMS = 4_000
FULL = 0.8  # of a resource: beyond that, waiting grows faster than work
SEED = 1


@dataclass(frozen=True, slots=True)
class FilmCost:
    """What one film costs.

    Attributes
    ----------
    cpu_seconds : float
        Of a reader: read, decode, normalize, infer, move.
    beside_seconds : float
        Of the processes beside it, on the same cores.
    commit_seconds : float
        Of each of its transactions.
    start_seconds : float
        From the drop of a flood until its first film is under way.
    """

    cpu_seconds: float
    beside_seconds: float
    commit_seconds: float
    start_seconds: float = 0.0

    @classmethod
    def measured(cls, kind: Mapping[str, Any], waited: float) -> "FilmCost":
        """Read the constants of one kind of file out of the benchmark's figures, as all cores at once need them.

        ``waited`` is what one film's transactions wait for the disk at the least: others can only make it longer.
        """
        rounds = kind["rounds"]
        floods = [each["flood"] for each in rounds]
        reader = statistics.median(each["reader_seconds"] / each["files"] for each in floods)
        beside = statistics.median(each["beside_seconds"] / each["files"] for each in floods)
        worked = statistics.median(each["alone"]["ledger"][0] for each in rounds)
        start = statistics.median(each["first_seconds"] for each in floods)
        return cls(reader - worked, beside, (worked + waited) / TRANSACTIONS, start)

    @property
    def core_seconds(self) -> float:
        """What a film takes of a core, the wait for its own commits included."""
        return self.cpu_seconds + self.beside_seconds + TRANSACTIONS * self.commit_seconds


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the simulation found: films a second, and the 95th percentile of the seconds from arrival to row."""

    rate: float
    p95_seconds: float


def simulate(film: FilmCost, arrivals: Sequence[float], cores: int) -> Simulation:
    """Let films queue for cores and their transactions for the database; times in seconds.

    Each core works on one film; its commits wait for those of other films, since the database syncs one at a time.
    """
    free = [0.0] * cores
    database, ends = 0.0, []
    for arrival in arrivals:
        began = max(arrival, heapq.heappop(free))
        ready = began + film.cpu_seconds + film.beside_seconds
        ended = max(ready, database) + TRANSACTIONS * film.commit_seconds
        database = ended
        heapq.heappush(free, ended)
        ends.append(ended)
    waits = [end - arrival for end, arrival in zip(ends, arrivals, strict=True)]
    return Simulation(len(ends) / (max(ends) - arrivals[0]), statistics.quantiles(waits, n=20)[-1])


def draw_arrivals(films_an_hour: float, count: int) -> list[float]:
    """Draw the arrivals of a Poisson process, seconds."""
    generator, now, times = random.Random(SEED), 0.0, []
    for _ in range(count):
        now += generator.expovariate(films_an_hour / 3600.0)
        times.append(now)
    return times


def count_cores(film: FilmCost, films_an_hour: float) -> int:
    """Return the cores that keep every core below `FULL`."""
    return max(1, -int(-films_an_hour / 3600.0 * film.core_seconds / FULL // 1))


def find_first_full(film: FilmCost, cores: int) -> tuple[str, float]:
    """Return what saturates first with so many cores, and at how many films an hour."""
    limits = {"cores": cores / film.core_seconds, "database": 1.0 / (TRANSACTIONS * film.commit_seconds)}
    name = min(limits, key=lambda each: limits[each])
    return name, 3600.0 * limits[name]


def main() -> None:
    """Print the check against the measured flood, and then the loads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", type=Path)
    figures = json.loads(parser.parse_args().figures.read_bytes())
    cores = figures["machine"]["cores"]
    waited = min(each["alone"]["ledger"][1] for kind in figures["kinds"] for each in kind["rounds"])
    for kind in figures["kinds"]:
        film = FilmCost.measured(kind, waited)
        floods = [each["flood"] for each in kind["rounds"]]
        ours = [each["seconds"] - each["other_seconds"] / cores for each in floods]
        measured = statistics.median(each["files"] / seconds for each, seconds in zip(floods, ours, strict=True))
        found = simulate(film, [0.0] * SIMULATED_FILMS, cores)
        error = found.rate / measured - 1
        print(f"\n{kind['kind']}: {1000 * film.core_seconds:.1f} ms of a core a film")
        print(f"  flood on {cores} cores: simulated {found.rate:.1f}, measured {measured:.1f} films/s ({error:+.0%})")
        rates = (f"{each}: {3600 * simulate(film, [0.0] * SIMULATED_FILMS, each).rate:,.0f}" for each in MACHINES)
        print(f"  films an hour by cores: {', '.join(rates)}")
        for load in LOADS:
            _print_load(film, load)


def _print_load(film: FilmCost, load: int) -> None:
    """Say what a load needs; where one database is too slow, also with a tenth of its commit time (group commit)."""
    cores = count_cores(film, load)
    name, limit = find_first_full(film, cores)
    if limit < load:
        film = replace(film, commit_seconds=film.commit_seconds / 10)
        name = f"{name}; with commits in groups of ten {find_first_full(film, cores)[0]}"
    p95 = simulate(film, draw_arrivals(load, SIMULATED_FILMS), cores).p95_seconds
    print(f"  {load:>7,} films/h: {cores} cores, p95 {p95:.2f} s; first full: {name} (at {limit:,.0f} films/h)")


if __name__ == "__main__":
    main()
