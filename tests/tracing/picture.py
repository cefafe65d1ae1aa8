"""A trace as a picture, drawn from the spans that a collector was sent."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.tracing.receiver import Span

_ROW, _LEFT, _WIDTH, _RIGHT = 26, 250, 620, 90
_COLOURS = {
    "user-service-v1": "#2563eb",
    "user-relay": "#d97706",
    "order-consumer": "#059669",
}
_OTHER = "#6b7280"
_WAIT = "wait"


def drawn(spans: Sequence[Span]) -> str:
    """An SVG: a row for each span, in the order in which they began, indented by its parent."""
    begin, end = min(each.start for each in spans), max(each.end for each in spans)
    by_id = {each.id: each for each in spans}
    height = _ROW * (len(spans) + 2) + 10
    width = _LEFT + _WIDTH + _RIGHT
    head = f'viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="13"'
    title = f"One trace, {(end - begin) / 1e6:.1f} ms from the request to the order"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {head}>',
        f"<title>{title}</title>",
        _box(0, 0, width, height, "#ffffff"),
    ]
    scale = _WIDTH / (end - begin)
    for row, each in enumerate(sorted(spans, key=lambda span: span.start)):
        top = 10 + row * _ROW
        at, long = _LEFT + (each.start - begin) * scale, max((each.end - each.start) * scale, 1.5)
        colour = _COLOURS.get(each.process, _OTHER)
        opacity = 0.35 if each.name.startswith(_WAIT) else 1
        parts += [
            _text(8 + 12 * _depth(each, by_id), top + 17, each.name),
            _box(at, top + 5, long, _ROW - 10, colour, opacity=opacity),
            _text(at + long + 5, top + 17, f"{(each.end - each.start) / 1e6:.1f} ms"),
        ]
    at = 8.0
    for name in dict.fromkeys(each.process for each in spans):
        top = height - _ROW
        parts += [
            _box(at, top, 12, 12, _COLOURS.get(name, _OTHER)),
            _text(at + 17, top + 11, name),
        ]
        at += 40 + 8 * len(name)
    return "\n".join([*parts, "</svg>", ""])


def _depth(span: Span, by_id: dict[str, Span]) -> int:
    return 0 if span.parent not in by_id else 1 + _depth(by_id[span.parent], by_id)


def _box(
    x: float, y: float, width: float, height: float, colour: str, *, opacity: float = 1
) -> str:
    size = f'width="{width:.1f}" height="{height}"'
    return f'<rect x="{x:.1f}" y="{y}" {size} fill="{colour}" fill-opacity="{opacity}"/>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" fill="#111827">{escape(words)}</text>'
