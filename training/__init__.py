"""Data set, network, training, calibration, metrics and export of a model bundle. Keras is imported in functions."""
