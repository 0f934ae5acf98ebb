"""The doctor's page: home blood pressure on one sheet, as facts (JSON), HTML and PDF.

    facts = select.facts(select.Tables(...), settings=..., summary=..., name="Jo Doe")
    html = sheet.article(facts, home_bp.guideline(facts.guideline), sheet.Marks(data_sha256))
    pdf = document.print_pdf(facts, sheet.Marks(data_sha256))

Rules write the facts (results/summary/<subject>/report.json) and print them; the dashboard shows the same sheet.
Nothing is imported here: what chooses the facts must not run again because a line is drawn otherwise.
"""
