"""One installation: the settings of a site, its home, and what both lead to, opened once and handed down."""
