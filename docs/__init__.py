"""The documents, and the program that makes their drawings."""
