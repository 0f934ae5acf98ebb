"""Erasure: what a person wants gone is found by its lineage, shown, erased everywhere in reach, and searched for.

plan shows; journal remembers what was begun; places and receipts erase; pdp.state.cut does so where the state is kept;
proof looks at every byte afterwards; carry_out does these in their order.
"""
