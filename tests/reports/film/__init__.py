"""Tests of one film: found, said in blocks and in JSON."""
