"""Which projections belong into a data set: frontal ones, never lateral, never CT."""

from dataclasses import dataclass

from training.data.vocabulary import LATERAL

PROJECTIONS = ("PA", "AP")
OTHER_VIEW, UNKNOWN_VIEW, UNWANTED_VIEW = "not_frontal", "view_not_stated", "view_not_wanted"
_LATERAL = {"L", "LL", "RL", "LAT", "LATERAL"}


class ViewError(ValueError):
    """A view was asked for that no data set may hold."""


@dataclass(frozen=True, slots=True)
class Views:
    """The views that are wanted; "AP" means all of its kind: AP Supine, AP erect, AP semi erect."""

    wanted: tuple[str, ...] = PROJECTIONS

    @classmethod
    def read(cls, text: str) -> "Views":
        """Read views with commas between them, such as "PA,AP" or "AP Supine".

        Raises
        ------
        ViewError
            One of them is not frontal.
        """
        wanted = tuple(" ".join(word.upper().split()) for word in text.split(",") if word.strip())
        wrong = [word for word in wanted if word.split()[0] not in PROJECTIONS]
        if wrong or not wanted:
            raise ViewError(
                f"view {', '.join(wrong) or 'missing'}: frontal views are PA and AP (or one kind: 'AP Supine')"
            )
        return cls(wanted)

    def find_fault(self, view: str, *, must_be_stated: bool) -> str:
        """Return the reason for which a film of this view is left out, or ""."""
        said = " ".join(view.upper().split())
        if not said:
            return UNKNOWN_VIEW if must_be_stated else ""
        if said in _LATERAL:
            return LATERAL
        if said.split()[0] not in PROJECTIONS:
            return OTHER_VIEW
        fits = any(said == wanted or said.startswith(wanted + " ") for wanted in self.wanted)
        return "" if fits else UNWANTED_VIEW
