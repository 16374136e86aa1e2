"""Films by DICOM to the inbox."""
