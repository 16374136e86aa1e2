"""The PACS edge: films received by DICOM, and answers made into objects and sent into their studies."""
