"""What a model could know without looking at the lungs: the audit."""
