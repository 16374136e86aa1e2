"""The engine process: one Keras engine for a device, which answers many screening processes in batches.

`wire` says what the two sides say to each other, `batches` when a batch is due and how it runs, `parity` which
precision may serve, `server` is the engine's side, `client` that of a screening process, `report` what the engine
reports to its keeper. Who starts these processes, and keeps them alive, is the worker's business.
"""
