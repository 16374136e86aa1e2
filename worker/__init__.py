"""The one way from folder to row: intake, dispatch, screening, fates, and the processes around them."""
