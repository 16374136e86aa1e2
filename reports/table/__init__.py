"""The sections of the report for a terminal; Rich is imported only inside functions."""
