"""DICOM files: header, pixel data, grayscale."""
