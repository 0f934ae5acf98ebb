"""Lineage in other people's words: OpenLineage events, W3C PROV, RO-Crate. Never measured values unless asked for."""
