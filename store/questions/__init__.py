"""What reports and monitoring ask the ledger: which arrivals, and what the database computes about them."""
