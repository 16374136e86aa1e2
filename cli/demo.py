"""``make demo``: a handful of synthetic phantoms through the whole product, in a temporary folder."""

from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from PIL import Image, ImageOps

from cli.errors import exit_codes
from cli.running import run
from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from installation.settings import Settings
from installation.sources import read_settings
from reports.formats import write_report_to
from reports.question.asking import ask_question
from store.ledger.fates import REASONS
from store.states import AfterScreening
from worker.service.watch import open_intake, screen_once

ABOUT = """\
Synthetic phantoms, drawn by this program, no patient's films. The model gives
them no label: a drawing is no radiograph, and it is certain of none (of 200
tried, it was of none). A radiograph of yours: 'xray-cli predict FILE'.
"""


def main() -> None:
    """Drop phantoms, screen them, show the report and where the files went."""
    with exit_codes(), TemporaryDirectory(prefix="xray-demo-") as folder:
        inbox = Path(folder, "inbox")
        inbox.mkdir()
        typer.echo(ABOUT)
        _drop(inbox)
        settings = read_settings(home=Path(folder, "home"), stable_seconds=0.5)
        _screen(settings, inbox)
        typer.echo("\nWhere the files went:")
        for path in sorted(settings.home.rglob("*-*.*")):
            typer.echo(f"  {path.relative_to(folder)}")


def _drop(inbox: Path) -> None:
    for seed in range(3):
        write_dicom_phantom(inbox / f"phantom-{seed}.dcm", seed=seed)
    write_dicom_phantom(inbox / "phantom-compressed.dcm", seed=3, compression="jpeg_lossless")
    write_png_phantom(inbox / "phantom.png", seed=4)
    write_dicom_phantom(inbox / "phantom-lateral.dcm", seed=5, attributes={"ViewPosition": "LL"})
    with Image.open(inbox / "phantom.png") as phantom:
        phantom.transpose(Image.Transpose.ROTATE_90).save(inbox / "phantom-on-its-side.png")
        ImageOps.invert(phantom).save(inbox / "phantom-negative.png")
    (inbox / "letter.txt").write_text("This is no radiograph.\n")
    (inbox / "phantom-0-again.dcm").write_bytes((inbox / "phantom-0.dcm").read_bytes())


def _screen(settings: Settings, inbox: Path) -> None:
    with run(settings) as running, open_intake(running.service, [inbox], AfterScreening.MOVE, running.wake) as intake:
        screen_once(running.service, intake, running.stop, running.wake, running.progress.update)
        write_report_to(
            running.service.installation.ledger, ask_question("1h", None, settings.time_zone), "table", None, REASONS
        )


if __name__ == "__main__":
    main()
