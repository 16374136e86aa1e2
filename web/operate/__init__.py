"""What operators and administrators look at: status, quarantine, model, reports, audit, users."""
