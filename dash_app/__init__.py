"""The dashboard: reads results/summary and the registry, computes nothing a rule could."""
