"""The page: upload a film and see the answer, read the worklist, review, and see how the service is."""
