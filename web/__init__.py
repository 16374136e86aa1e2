"""The page: what a browser sees of the ledger; films uploaded, answers read and reviewed."""
