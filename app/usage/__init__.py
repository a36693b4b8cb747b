"""The ledger of what tasks cost, its sums and its export."""
