"""The registry: which inputs, code and parameters made every artifact, folded from receipts."""
