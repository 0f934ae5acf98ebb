"""The sheet's style: 704 px wide, as A4 less its margins; the same on paper and on the page.

It stands in Python so that the job's key sees a change of it. Sizes are fixed: the sheet must be one page.
"""

from __future__ import annotations

from pdp.report import colors

WIDTH_PX = 704
FONT = "inter-latin-5.3.0"  # static cuts of the dashboard's variable font, see fonts/README.md

SHEET = f"""
.sheet {{ width: {WIDTH_PX}px; background: #fff; color: {colors.INK};
  font: 12px/1.4 Inter, sans-serif; font-variant-numeric: normal; text-align: left; }}
.sheet * {{ box-sizing: border-box; }}
.sheet h1 {{ font-size: 23px; line-height: 1.2; margin: 0; letter-spacing: -.01em; font-weight: 700; color: inherit; }}
.sheet .person {{ color: {colors.MUTED}; margin: 3px 0 9px; }}
.sheet .said {{ font-size: 15px; line-height: 1.42; margin: 0 0 10px; }}
.sheet .said strong {{ font-size: 16.5px; font-weight: 700; }}
.sheet .pair {{ display: flex; gap: 12px; align-items: flex-start; margin: 0 0 10px; }}
.sheet table {{ border-collapse: collapse; flex: none; width: 384px; margin: 0; font: inherit;
  font-variant-numeric: tabular-nums; }}
.sheet th, .sheet td {{ padding: 3.5px 5px; text-align: right; border-bottom: 1px solid {colors.LINE};
  font-weight: 400; white-space: nowrap; background: none; }}
.sheet thead th {{ color: {colors.MUTED}; font-size: 11px; }}
.sheet tbody th, .sheet thead th:first-child {{ text-align: left; padding-left: 0; }}
.sheet tbody th {{ font-weight: 700; }}
.sheet tr.part th {{ font-weight: 400; padding-left: 8px; }}
.sheet td.mean {{ font-weight: 700; }}
.sheet table .per {{ display: block; color: {colors.MUTED}; }}
.sheet .record {{ flex: 1; margin: 0; }}
.sheet h2 {{ font-size: 13px; line-height: 1.3; margin: 0 0 3px; font-weight: 700; color: inherit; }}
.sheet .record p {{ margin: 0 0 2px; font-size: 11.5px; line-height: 1.36; }}
.sheet .record b {{ font-weight: 700; }}
.sheet .panel {{ border: 1px solid {colors.LINE}; border-radius: 8px; padding: 9px 14px 6px; margin: 0 0 10px;
  background: none; box-shadow: none; }}
.sheet .panel svg {{ display: block; }}
.sheet .marks {{ margin: 0 0 4px; font-size: 11px; color: {colors.MUTED}; line-height: 1.45; }}
.sheet .mark {{ margin-right: 10px; white-space: nowrap; }}
.sheet .swatch {{ print-color-adjust: exact; display: inline-block; width: 9px; height: 9px; margin-right: 4px; }}
.sheet .panels {{ display: flex; gap: 10px; }}
.sheet .panels .panel {{ flex: 1; min-width: 0; padding: 9px 12px 6px; }}
.sheet .panels .marks {{ min-height: 32px; }}
.sheet footer {{ color: {colors.MUTED}; font-size: 10.5px; line-height: 1.38; }}
.sheet footer p {{ margin: 0 0 3px; overflow-wrap: anywhere; }}
.sheet footer .caution {{ color: {colors.INK}; font-weight: 700; }}
.sheet code {{ font: inherit; overflow-wrap: anywhere; background: none; padding: 0; color: inherit; }}
"""

# A screen narrower than paper: one column, the plot drawn for it, the table's words on two lines.
SCREENS = """
.sheet .on-narrow { display: none; }
@media screen and (max-width: 800px) {
  .sheet { width: auto; }
  .sheet .pair, .sheet .panels { flex-direction: column; align-items: stretch; }
  .sheet .wide { overflow-x: auto; }
  .sheet .panels svg:not(.marks svg), .sheet .on-narrow svg { max-width: 100%; height: auto; }
}
@media screen and (max-width: 740px) {
  .sheet .on-wide { display: none; }
  .sheet .on-narrow { display: block; }
  .sheet .on-narrow svg { margin: 0 auto; }
  .sheet .panel { padding: 9px 6px 6px; }
  .sheet table { width: 100%; }
  .sheet th, .sheet td { padding: 3.5px 2px; white-space: normal; }
  .sheet td span { white-space: nowrap; }
}
@media screen and (max-width: 360px) { .sheet table, .sheet thead th { font-size: 10.5px; } }
"""

PAGE = f"""
@font-face {{ font-family: Inter; src: url("fonts/{FONT}-regular.ttf"); font-weight: 400; }}
@font-face {{ font-family: Inter; src: url("fonts/{FONT}-bold.ttf"); font-weight: 700; }}
@page {{ size: A4; margin: 11mm calc((210mm - {WIDTH_PX}px) / 2) 10mm; }}
html, body {{ margin: 0; padding: 0; }}
"""
