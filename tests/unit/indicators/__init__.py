"""Proofs of the indicators: references, laws, and the same bits every way they run."""
