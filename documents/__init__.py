"""What a page says, as blocks, and how blocks are drawn: terminal, HTML, PDF, workbook, Markdown."""
