"""What is asked: the period, the filters, the grouping."""
