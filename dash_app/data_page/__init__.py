"""Parts of the page about the data: sources, the flow, what was not taken, gaps, runs."""
