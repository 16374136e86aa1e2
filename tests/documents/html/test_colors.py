import re
from importlib.resources import files

import pytest

TEXT = ("ink", "soft", "accent", "bad")
GRAPHICS = ("predicted", "indeterminate", "rejected", "duplicate", "quarantined", "vanished", "pending", "accent")
LABELS = ("covid19", "viral-pneumonia", "normal")


def read_colors(scheme: str) -> dict[str, str]:
    """Read the variables of light, dark or print as a page with both style sheets has them."""
    found: dict[str, str] = {}
    for name in ("style.css", "content.css"):
        style = files("documents.html").joinpath(name).read_text()
        dark, _, rest = style.partition("@media (prefers-color-scheme: dark)")[2].partition("\n}\n")
        light, paper = style.partition("@media")[0], rest.partition("@media print")[2]
        for part in (light, {"light": "", "dark": dark, "print": paper}[scheme]):
            found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", part))
    return found


def measure_luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    shares = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def measure_contrast(one: str, other: str) -> float:
    low, high = sorted(map(measure_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_words_and_charts_have_the_contrast_of_wcag_aa(scheme: str) -> None:
    colors = read_colors(scheme)
    for paper in ("paper", "raised"):
        for name in TEXT:
            assert measure_contrast(colors[name], colors[paper]) >= 4.5, (name, paper)
    assert measure_contrast(colors["bad"], colors["bad-paper"]) >= 4.5
    for name in (*GRAPHICS, *LABELS):
        assert measure_contrast(colors[name], colors["paper"]) >= 3, name


def test_dark_is_dark_and_paper_is_white() -> None:
    assert measure_luminance(read_colors("dark")["paper"]) < 0.05
    assert measure_luminance(read_colors("print")["paper"]) == pytest.approx(1)
    assert read_colors("print")["predicted"] == read_colors("light")["predicted"]
