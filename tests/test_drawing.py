"""pdp.drawing: no box on another, no text outside its box, no line under a box, all links, always the same bytes."""

from __future__ import annotations

import random
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.drawing import STYLE, Box, Graph, layout, lineage, svg
from pdp.drawing.graph import without_detours
from pdp.drawing.letters import fit, width
from pdp.lineage.chain import Link

SVG = "{http://www.w3.org/2000/svg}"
SIZES = (1, 5, 50, 200)


def graph_of(n: int) -> Graph:
    """n boxes in at most five layers, each but the first layer's made from some of those before it."""
    chance, layers = random.Random(n), min(n, 5)
    boxes = [
        Box(
            f"k{at}",
            at % layers,
            chance.choice(["daily", "blood pressure", "A name that is far too long for any box of a drawing", "<&>"]),
            f"v{at}, {chance.randrange(10**6):,} rows",
            href=f"#k{at}" if at % 3 else "",
            is_aside=at % 7 == 0,
        )
        for at in range(n)
    ]
    edges = []
    for box in boxes:
        before = [other for other in boxes if other.layer < box.layer]
        edges += [(other.key, box.key) for other in chance.sample(before, min(len(before), 2))]
    titles = ("Raw exports", "Read", "Checked", "Merged", "Summed up")[:layers]
    return Graph("A title", "What it shows", titles, tuple(boxes), tuple(edges))


def overlap(one: layout.Place, other: layout.Place) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + layout.BOX_HEIGHT
        and other.y < one.y + layout.BOX_HEIGHT
    )


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("draw", [layout.wide, layout.tall])
def test_no_box_stands_on_another_and_all_stand_inside_the_drawing(n, draw):
    found = draw(graph_of(n))
    assert len(found.places) == n
    assert not any(overlap(one, other) for one, other in combinations(found.places, 2))
    for place in found.places:
        assert place.x >= 0
        assert place.y >= layout.DETAIL_PX
        assert place.x + place.width <= found.width
        assert place.y + layout.BOX_HEIGHT <= found.height


@pytest.mark.parametrize("n", SIZES)
def test_a_text_is_never_wider_than_its_box(n):
    for draw in (layout.wide, layout.tall):
        for place in draw(graph_of(n)).places:
            room = place.width - 2 * layout.PADDING
            assert width(place.title, layout.TITLE_PX, is_bold=True) <= room
            assert width(place.detail, layout.DETAIL_PX) <= room


@pytest.mark.parametrize("n", SIZES)
def test_a_line_starts_and_ends_at_its_boxes_and_passes_under_none(n):
    graph = graph_of(n)
    found = layout.wide(graph)
    place = {one.box.key: one for one in found.places}
    assert [(line.start, line.end) for line in found.lines] == list(graph.edges)
    for line in found.lines:
        start, end = place[line.start], place[line.end]
        assert line.points[0] == (start.x + start.width, start.y + layout.BOX_HEIGHT / 2)
        assert line.points[-1] == (end.x, end.y + layout.BOX_HEIGHT / 2)
        for (x, y), (to_x, to_y) in zip(line.points[1:-1:2], line.points[2:-1:2], strict=True):
            assert y == to_y
            for other in found.places:
                beside = to_x <= other.x or x >= other.x + other.width
                assert beside or not other.y < y < other.y + layout.BOX_HEIGHT


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("is_tall", [False, True])
def test_the_drawing_is_xml_with_every_box_every_link_and_its_words(n, is_tall):
    graph = graph_of(n)
    root = ElementTree.fromstring(svg(graph, is_tall=is_tall, is_alone=True))
    assert root.tag == f"{SVG}svg"
    assert (root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")) == ("A title", "What it shows")
    links = [link.get("href") for link in root.iter(f"{SVG}a")]
    assert links == [box.href for box in graph.boxes if box.href]
    assert len(list(root.iter(f"{SVG}rect"))) == n
    assert root.get("role") == ("group" if links else "img")
    sizes = {float(text.get("font-size", root.get("font-size", "0"))) for text in root.iter(f"{SVG}text")}
    assert min(sizes) >= 13
    told = [box.find(f"{SVG}title").text for box in root.iter() if box.get("class") == "box"]
    assert told == [f"{box.title}, {box.detail}" for box in graph.boxes]


@pytest.mark.parametrize("n", SIZES)
def test_the_same_graph_gives_the_same_bytes(n):
    assert svg(graph_of(n), is_alone=True) == svg(graph_of(n), is_alone=True)


def test_without_a_style_sheet_everything_is_drawn_in_the_colour_of_the_text_around():
    text = svg(graph_of(5))
    assert "<style" not in text
    assert set(re.findall(r' (?:fill|stroke)="([^"]*)"', text)) == {"currentColor", "none"}


def test_a_file_of_its_own_follows_light_dark_and_paper():
    text = svg(graph_of(5), is_alone=True)
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_a_detour_replaces_the_short_way():
    edges = [
        ("raw", "merged"),
        ("raw", "valid"),
        ("valid", "merged"),
        ("merged", "sum"),
        ("raw", "sum"),
        ("sum", "sum"),
    ]
    assert without_detours(edges) == (("raw", "valid"), ("valid", "merged"), ("merged", "sum"))


@pytest.mark.parametrize(
    ("boxes", "edges", "said"),
    [
        ((Box("a", 0, "x"), Box("a", 0, "y")), (), "two boxes have one key"),
        ((Box("a", 1, "x"),), (), "a layer that has no title"),
        ((Box("a", 0, "x"), Box("b", 0, "y")), (("a", "b"),), "does not lead to a later layer"),
    ],
)
def test_a_graph_that_can_not_be_drawn_is_refused(boxes, edges, said):
    with pytest.raises(ValueError, match=said):
        Graph("t", "d", ("one",), boxes, edges)


@given(st.text(), st.floats(20, 300))
@settings(max_examples=60, deadline=None)
def test_any_text_fits_and_is_valid_xml(text, room):
    cut = fit(text, room, 13)
    assert width(cut, 13) <= max(room, width("…", 13))
    ElementTree.fromstring(svg(Graph(text, text, (text,), (Box("k", 0, text, text, about=text, href="#x"),), ())))


WORDS = {
    "plain": lambda at: f"table {at}",
    "long": lambda at: f"{'W' * 80}{at}",
    "markup": lambda at: f"<b>&\"'{at}</b>",
    "right to left": lambda at: f"قياسات ضغط الدم في المنزل {at}",
    "wide": lambda at: f"家庭血圧測定の記録ファイル{at}",
    "composed": lambda at: "👩‍👩‍👧🩺e\u0301\u0302" * 9 + str(at),
    "turned": lambda at: f"\u202eevil {at}",
}
FAULTS = """() => [...document.querySelectorAll("svg")].flatMap((svg) => {
  const all = (kind, within) => [...(within || svg).querySelectorAll(kind)].map((one) => one.getBoundingClientRect());
  const meet = (a, b, by) => a.left < b.right - by && b.left < a.right - by
    && a.top < b.bottom - by && b.top < a.bottom - by;
  const pairs = (list, by) => list.some((a, at) => list.slice(at + 1).some((b) => meet(a, b, by)));
  const edge = svg.getBoundingClientRect();
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1
    && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const found = [];
  if (pairs(all(".box rect"), 0)) found.push("boxes meet");
  if (pairs(all("text"), 2.5)) found.push("texts meet");
  if (all(".box rect").some((one) => !inside(one, edge))) found.push("a box is cut");
  for (const box of svg.querySelectorAll(".box")) {
    const [around] = all("rect", box);
    if (all("text", box).some((one) => !inside(one, around))) found.push("a text leaves its box");
  }
  return found.map((fault) => [svg.parentElement.id, fault]);
})"""


@pytest.mark.parametrize("is_tall", [False, True])
def test_in_a_browser_no_text_meets_another_or_leaves_its_box_whatever_the_script(browser, is_tall):
    parts = []
    for words, tell in WORDS.items():
        for n in (1, 2, 50, 120):
            boxes = tuple(Box(f"k{at}", at % min(6, n), tell(at), f"v{at}, {tell(at)}") for at in range(n))
            edges = tuple((f"k{at}", f"k{at + 1}") for at in range(n - 1) if at % min(6, n) < (at + 1) % min(6, n))
            graph = Graph(words, words, tuple(f"Layer {at}" for at in range(min(6, n))), boxes, edges)
            parts.append(f'<div id="{words} {n}">{svg(graph, is_tall=is_tall)}</div>')
    page = browser.new_page(viewport={"width": 2000, "height": 900})
    page.set_content(f"<meta charset=utf-8><style>{STYLE}</style>{''.join(parts)}")
    assert page.evaluate(FAULTS) == []
    page.close()


# Of tables


def link(path: str, *inputs: str, rule: str = "r", rows: int | None = 5) -> Link:
    return Link(path, 1, "ab" * 32, rows, rule, "run", "2026-01-01", "cd" * 32, {}, {}, {}, "3.11", tuple(inputs))


def chain_of(exports: int) -> list[Link]:
    """A daily table from so many exports of one source, each with two tables."""
    found, valid = [], []
    for at in range(exports):
        name = f"{at:016x}"
        raw = f"resources/raw/me/{name}"
        found.append(link(raw, rule="", rows=None))
        for measure in ("heart_rate", "step_count"):
            table = f"results/normalized/me/band/{name}/{measure}.parquet"
            checked = f"results/validated/me/band/{name}/{measure}.parquet"
            found += [link(table, f"{raw} v1"), link(checked, f"{table} v1")]
            valid.append(f"{checked} v1")
        quarantine = f"results/quarantine/me/band/{name}.parquet"
        found.append(link(quarantine, f"results/normalized/me/band/{name}/heart_rate.parquet v1"))
    merged = "results/merged/me/heart_rate.parquet"
    found.append(link(merged, *valid))
    daily = link("results/summary/me/daily.parquet", f"{merged} v1", *valid)
    return [daily, *found]


def test_tables_of_one_export_share_a_box_and_what_was_quarantined_stands_aside():
    graph = lineage.of_tables(chain_of(2), "t", names=lineage.Names({f"me/{0:016x}": "band.zip"}, {}))
    assert [box.title for box in graph.boxes if box.layer == 0] == ["band.zip", "export 00000000"]
    assert [(box.title, box.detail) for box in graph.boxes if box.layer == 1] == [
        ("band 00000000", "v1, 10 rows, 2 tables")
    ] * 2
    aside = [box for box in graph.boxes if box.is_aside]
    assert [box.title for box in aside] == ["Quarantined"]
    assert graph.layers == ("Raw exports", "Read, placed in time", "Checked", "Merged", "Summed up")


def test_many_exports_of_a_source_are_one_box_with_their_count():
    graph = lineage.of_tables(chain_of(60), "t")
    assert [box.title for box in graph.boxes] == [
        "band: 60 exports",
        "heart rate",
        "band: 60 exports",
        "Quarantined",
        "daily",
        "band: 60 exports",
    ]
    assert len(graph.edges) == 5


def test_a_box_tells_paths_versions_digests_and_who_made_it():
    graph = lineage.of_tables(chain_of(1), "t")
    about = next(box.about for box in graph.boxes if box.title == "daily")
    assert about == (
        "results/summary/me/daily.parquet v1, 5 rows; SHA-256 abababababababab; rule r, code cdcdcdcdcdcd, run run"
    )


def test_a_number_stands_behind_its_table():
    graph = lineage.of_tables(chain_of(1), "t", number=("129 mmHg", "2025-10-06, systolic"))
    assert graph.layers[-1] == "The number"
    assert (graph.boxes[-1].title, graph.edges[-1]) == ("129 mmHg", ("results/summary/me/daily.parquet", "number"))
