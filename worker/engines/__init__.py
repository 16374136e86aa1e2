"""Engine processes for GPUs: chosen, started, looked after."""
