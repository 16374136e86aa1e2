"""One film, from its claim to its shelf."""
