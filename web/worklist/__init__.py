"""The worklist: which films want to be looked at, and those without an answer."""
