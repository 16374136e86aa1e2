"""Programs of others that say whether a DICOM object is one: skipped with the reason where they are not installed."""

import re
import subprocess
from pathlib import Path

from tests.needs import find_program, skip

# Java 17 limits what an XPath may cost, and the validator's own templates cost more
JAVA = ("-Djdk.xml.xpathExprGrpLimit=0", "-Djdk.xml.xpathExprOpLimit=0", "-Djdk.xml.xpathTotalOpLimit=0")
PIXELMED = Path("/usr/share/java/pixelmed.jar")
_WHERE = re.compile(r'\(0x....,0x....\)\s*[A-Z]{0,2}[^<"]*')


def list_errors(path: Path) -> set[str]:
    """Return what dciodvfy calls errors, each without the attribute in which it stands."""
    run = subprocess.run([find_program("dciodvfy", "dicom3tools"), path], capture_output=True, check=False, timeout=30)
    said = (run.stdout + run.stderr).decode(errors="replace")
    assert said
    return {_WHERE.sub("", line) for line in said.splitlines() if line.startswith(("Error", "No identifiable"))}


def list_template_errors(path: Path) -> list[str]:
    """Return what DicomSRValidator calls errors."""
    if not PIXELMED.exists():
        skip("DicomSRValidator of Debian's pixelmed-apps is not installed")
    program = [find_program("java", "default-jre-headless"), *JAVA, "-cp", PIXELMED]
    asked = [*program, "com.pixelmed.validate.DicomSRValidator", path]
    run = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=280)
    assert "Root Template Validation Complete" in run.stdout + run.stderr
    return [line for line in (run.stdout + run.stderr).splitlines() if line.startswith("Error")]
