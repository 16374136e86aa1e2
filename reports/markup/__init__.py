"""Pages from Python: elements that escape, tables with marks, and the frame that every page has."""
