"""The sheet as a PDF: tagged (PDF/UA-1), one A4 page, the same bytes from the same facts."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from pdp.errors import PdpError
from pdp.home_bp import guideline
from pdp.report import sheet, style, words
from pdp.report.model import Facts
from pdp.report.sheet import Marks

MARK = "pdp-report data-sha256="  # among the keywords of the PDF: how `pdp verify` finds what it was made from

FONTS = Path(__file__).parent / "fonts"
PLOT_HEIGHTS = (270.0, 240.0, 210.0, 180.0)  # px: the first that leaves the sheet on one page


def print_pdf(facts: Facts, marks: Marks) -> bytes:
    """Render.

    Raises:
        PdpError: The system lacks Pango; or the sheet is not one page, which is a fault of the program.
    """
    weasyprint = _weasyprint()
    fetcher, folder = _own_files(), Path(__file__).parent.as_uri() + "/"
    for height in PLOT_HEIGHTS:
        text = html(facts, marks, height)
        document = weasyprint.HTML(string=text, base_url=folder, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        if len(document.pages) == 1:
            break
    else:
        raise PdpError(
            f"the report takes {len(document.pages)} pages, not one.",
            where="results/published",
            hint="This is a fault of the program: please tell its makers which text on the report is so long.",
        )
    # The identifier is the data's: WeasyPrint would take a digest of the whole, with the same effect and more time.
    pdf: bytes = document.write_pdf(
        pdf_variant="pdf/ua-1", pdf_identifier=marks.data_sha256[:32].encode(), finisher=_with_plain_metadata
    )
    return pdf


def html(facts: Facts, marks: Marks, plot_height: float = PLOT_HEIGHTS[0]) -> str:
    """The whole document. Its dates are the data's, never the clock's."""
    when = f"{facts.last.isoformat()}T00:00:00Z" if facts.last else "1970-01-01T00:00:00Z"
    title = f"{words.TITLE}: {words.short(facts.name, words.LONGEST_NAME)}"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        f'<meta name="description" content="{escape(words.verdict(facts, guideline(facts.guideline))[0])}">'
        f'<meta name="keywords" content="{MARK}{escape(marks.data_sha256)}">'
        f'<meta name="dcterms.created" content="{when}"><meta name="dcterms.modified" content="{when}">'
        f"<style>{style.PAGE}{style.SHEET}</style></head>"
        f"<body>{sheet.article(facts, guideline(facts.guideline), marks, plot_height)}</body></html>"
    )


def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError as error:  # cffi's: a shared library of the system is not there
        raise PdpError(
            "the library that lays out text (Pango) is not installed on this system, so the PDF can't be printed.",
            where="report",
            hint="Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. macOS: brew "
            "install pango. conda: conda install -c conda-forge pango. Then run again: snakemake --cores 1 report",
        ) from error
    return weasyprint


def _own_files() -> Any:
    """Fetches from this package alone: a report needs no network, and no text on it can make it ask for one."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=("file",))


def _with_plain_metadata(document: Any, pdf: Any) -> None:
    """Leave the metadata uncompressed, as XMP wants it: so it can be found without reading the PDF's structure."""
    number = int(pdf.catalog["Metadata"].split()[0])
    pdf.objects[number].compress = False
