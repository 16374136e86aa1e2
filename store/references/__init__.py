"""From a file of reference labels (RT-PCR, readers) into the ledger: read, understood, matched with films, recorded.

Every refusal names a line and never what stands there: keys and labels of such files belong to patients.
"""
