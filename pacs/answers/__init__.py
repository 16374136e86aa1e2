"""Answers as DICOM objects of the film's own study: a structured report for machines, a picture for eyes."""
