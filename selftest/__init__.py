"""The self-test: a service of its own in a temporary home is killed and broken on purpose, and then held to account.

It drives ``xray-cli watch`` from outside, as processes; no part of the service knows it. The fault tests use its parts.
"""
