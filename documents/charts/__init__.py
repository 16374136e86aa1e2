"""Charts as shapes with names for their colours: drawn once, shown as SVG in the page and as vectors in the PDF."""
