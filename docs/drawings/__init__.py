"""The drawings of the documents: the house is drawn from the code's imports, the others are laid out by hand."""
