"""Proof by breaking it: real processes that are killed, and the sandbox's own ledger as the truth."""
