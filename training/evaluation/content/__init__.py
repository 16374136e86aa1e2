"""What an evaluation says, as blocks: the page and the terminal show the whole, the model card parts of it."""
