"""Personal Data Platform: from a person's raw exports to numbers that say where they came from."""
