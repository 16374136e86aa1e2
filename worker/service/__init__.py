"""The service: everything that one home needs, kept alive as one thing."""
