"""Charts of the pages, one module per page: (table, view) -> go.Figure."""
