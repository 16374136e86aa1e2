"""How fast is this machine with this program: the whole product against the sum of its single steps."""
