"""Child processes: kept alive, named, fenced."""
