"""State for machines that forget: everything a run left, sealed, in a place that others only see as ciphertext."""
