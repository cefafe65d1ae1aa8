"""Pictures of figures, as SVG."""

from collections.abc import Mapping, Sequence

import leather

Series = Mapping[str, Sequence[tuple[float, float | None]]]
"""Points (x, y) by name; a line is broken where y is None."""


def line_plot(title: str, x_title: str, y_title: str, series: Series) -> str:
    """One line for each series, from 0 to the last point of any."""
    chart = leather.Chart(f"{title} ({y_title})")
    chart.add_x_axis(name=x_title)
    for name, line in series.items():
        chart.add_line([*line], name=name, width=1.5)
    points = [point for some in series.values() for point in some]
    chart.add_x_scale(0, max((x for x, _ in points), default=0.0) or 1)
    highest = max((y for _, y in points if y is not None), default=0.0)
    chart.add_y_scale(0, highest or 1)
    drawn: str = chart.to_svg(width=720, height=320)
    return drawn
