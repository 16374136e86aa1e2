"""Tables of an evaluation: what is left without the lungs, what was left out, and what was refused."""

from documents.figures import say_estimate, say_percent
from training.evaluation.card.tables import Figures, build_table, quote, say_group


def tabulate_audit(evaluation: Figures) -> str:
    """Write what is left without the lungs; empty where the audit was not run."""
    audit = evaluation.get("audit")
    if not audit:
        return ""
    baselines = audit.get("baselines") or {}
    entries = [
        ("this model, the film as it is", evaluation),
        ("this model, lungs masked out", audit.get("lungs_masked")),
        ("this model, border only", audit.get("border_only")),
        *((f"baseline: {quote(name.replace('_', ' '))}", scores) for name, scores in baselines.items()),
    ]
    rows = [(title, scores.get("n"), *say_group(scores)) for title, scores in entries if scores]
    return build_table(("what is looked at", "films", "balanced accuracy", "AUROC COVID-19 / normal"), rows)


def tabulate_sources_told(evaluation: Figures) -> str:
    """Write how well the source can be told within a class; empty where that was not measured."""
    found = (evaluation.get("audit") or {}).get("source_within_class") or {}
    rows = [
        (label, each["chance"], *(say_estimate(each.get(name)) for name in _TELLING))
        for label, each in found.items()
        if each
    ]
    told = [(label, f"{100 * chance:.0f} %", *figures) for label, chance, *figures in rows]
    headings = (
        "source told within",
        "chance",
        "from a thumbnail of the film",
        "of the lungs' frame",
        "from the features",
    )
    return build_table(headings, told) if told else ""


_TELLING = ("film_thumbnail", "framed_thumbnail", "features")


def tabulate_left_out(evaluation: Figures) -> str:
    """Write the figures of groups that were left out of training; empty where none was."""
    found = evaluation.get("leave_one_out")
    if not found:
        return ""
    entries = [*(found.get("groups") or {}).items()]
    rows = [(quote(name), scores["n"], *say_group(scores)) for name, scores in entries]
    if found.get("all"):
        rows.append(("**all of them**", found["all"].get("n", ""), *say_group(found["all"])))
    table = build_table((f"{found['by']} left out", "films", "balanced accuracy", "AUROC COVID-19 / normal"), rows)
    return f"Leave one {found['by']} out. {quote(found.get('method') or '')}\n\n{table}"


def tabulate_refusals(evaluation: Figures) -> str:
    """Write what was refused, by reason; empty where nothing was."""
    reasons = (evaluation.get("refused") or {}).get("by_reason") or {}
    rows = [
        (f"`{reason}`", each["n"], ", ".join(f"{label} {count}" for label, count in each.get("by_label", {}).items()))
        for reason, each in reasons.items()
    ]
    return build_table(("refused because", "films", "of which"), rows) if rows else ""


def tabulate_finder(metrics: Figures) -> str:
    """Write what the lung finder refuses among pictures that it was not trained on; empty where that is not known."""
    finder = metrics.get("lung_finder") or {}
    groups = [("frontal chest films", finder.get("refused_frontal") or {}), ("wrong", finder.get("refused") or {})]
    rows = [
        (what, quote(name.replace("_", " ")), each["n"], say_percent(each["value"]))
        for what, shares in groups
        for name, each in shares.items()
    ]
    return build_table(("pictures", "", "held out", "refused"), rows) if rows else ""
