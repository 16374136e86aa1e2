"""``prepare``: public data sets, class folders and DICOM files in, one data set folder out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TableFormat
from cli.errors import FAILED, exit_codes

if TYPE_CHECKING:
    from training.data.dataset import Case
    from training.preparation.views import Views

MAX_PER_PATIENT = 10

Output = Annotated[Path, typer.Option(help="The data set's folder: OUTPUT/CLASS/, manifest.csv, dropped.csv.")]
Metadata = Annotated[Path | None, typer.Option(help="metadata.csv of the ieee8023 layout; with --images.")]
Images = Annotated[Path | None, typer.Option(help="Folder of the images that the metadata names.")]
Folders = Annotated[
    list[Path] | None,
    typer.Option(help="Class folders, recognised, or a data set with manifest.csv; may be given several times."),
]
Dicom = Annotated[Path | None, typer.Option(help="Folder of DICOM files; with --labels.")]
LabelsFile = Annotated[
    Path | None, typer.Option(help="CSV with columns sop_instance_uid or file, and label, for --dicom.")
]
FromOutcomes = Annotated[
    bool, typer.Option("--from-outcomes", help="Films screened here, with the labels of RT-PCR, readers and reviews.")
]
View = Annotated[str, typer.Option(help="Frontal views to take; AP means AP Supine and AP erect too.")]
NoFinding = Annotated[
    bool, typer.Option("--no-finding-as-normal", help="Take 'No Finding' of the ieee8023 layout as normal.")
]
OtherFindings = Annotated[
    bool, typer.Option("--other-findings", help="Keep films of other findings, as class other_finding.")
]
MaxPerPatient = Annotated[int, typer.Option(min=0, help="At most so many films of one patient; 0: all.")]
Source = Annotated[str, typer.Option(help="Name of the data set in the manifest, where one input is given.")]
SaltFile = Annotated[
    Path | None,
    typer.Option(
        help="Key to hash the patient ids of DICOM files with; made if absent. Default: OUTPUT.salt, beside OUTPUT."
    ),
]
Link = Annotated[bool, typer.Option("--link", help="Hard links instead of copies, on one file system.")]
Workers = Annotated[int, typer.Option(min=0, help="Processes that read files; 0: one for each core.")]
Format = Annotated[TableFormat, typer.Option("--format", help="How the summary is written.")]
Lungs = Annotated[Path | None, typer.Option(help="Bundle whose gate looks at class folders [the one that ships].")]


def prepare(
    output: Output,
    metadata: Metadata = None,
    images: Images = None,
    folders: Folders = None,
    dicom: Dicom = None,
    labels: LabelsFile = None,
    from_outcomes: FromOutcomes = False,
    view: View = "PA,AP",
    no_finding_as_normal: NoFinding = False,
    other_findings: OtherFindings = False,
    max_per_patient: MaxPerPatient = MAX_PER_PATIENT,
    source: Source = "",
    salt_file: SaltFile = None,
    link: Link = False,
    workers: Workers = 0,
    lungs: Lungs = None,
    output_format: Format = TableFormat.TABLE,
) -> None:
    """Build a data set for training, each film once, each patient whole.

    Takes frontal films of COVID-19, other viral pneumonia and normal chests; of class folders those that the gate takes
    for such. Finds copies by their bytes, their pixels and what they show; refuses a film under two labels; writes what
    it left out, and why, to dropped.csv. Run again, or with another input, it adds to the data set and repeats nothing.
    Exit code 1: some files are damaged.

    Examples
    --------
    xray-cli prepare --metadata metadata.csv --images images --view PA --output dataset

    xray-cli prepare --folders COVID-19_Radiography_Dataset --folders chest_xray --output dataset

    xray-cli prepare --dicom export --labels labels.csv --source our-hospital --output dataset

    xray-cli prepare --from-outcomes --output dataset

    xray-cli train --dataset dataset
    """
    _check_usage(metadata, images, folders or [], dicom, labels, source, from_outcomes)
    with exit_codes():
        from cli.preparing import print_summary, run
        from training.preparation import PrepareSettings

        settings = PrepareSettings(
            output=output, metadata=metadata, images=images, folders=tuple(folders or ()), dicom=dicom, labels=labels,
            site_films=_find_site_films() if from_outcomes else (),
            views=_read_views(view), no_finding=no_finding_as_normal, other_findings=other_findings,
            max_per_patient=max_per_patient or None, source=source, salt_file=salt_file, link=link, workers=workers,
            lungs=lungs,
        )  # fmt: skip
        summary = run(settings)
        print_summary(summary, output_format)
    if summary["failed"]:
        raise typer.Exit(FAILED)


def _find_site_films() -> "tuple[Case, ...]":
    from cli.evaluate import find_site_cases
    from cli.opening import opened_installation

    with opened_installation() as installation:
        return find_site_cases(installation, None, None)


def _read_views(text: str) -> "Views":
    from training.preparation.views import ViewError, Views

    try:
        return Views.read(text)
    except ViewError as error:
        raise typer.BadParameter(str(error), param_hint="'--view'") from None


def _check_usage(
    metadata: Path | None,
    images: Path | None,
    folders: list[Path],
    dicom: Path | None,
    labels: Path | None,
    source: str,
    from_outcomes: bool,
) -> None:
    for first, second, names in (
        (metadata, images, "--metadata and --images"),
        (dicom, labels, "--dicom and --labels"),
    ):
        if (first is None) != (second is None):
            raise typer.BadParameter(f"{names} go together")
    inputs = len(folders) + (metadata is not None) + (dicom is not None) + from_outcomes
    if not inputs:
        raise typer.BadParameter(
            "nothing to prepare: give --metadata and --images, --folders, --dicom and --labels, or --from-outcomes"
        )
    if source and inputs > 1:
        raise typer.BadParameter("--source names one input; prepare the others in runs of their own")
