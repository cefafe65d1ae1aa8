"""Pictures of figures, as SVG."""

from collections.abc import Mapping, Sequence

import leather

Series = Mapping[str, Sequence[tuple[float, float]]]
"""Points (x, y) by name."""


def line_plot(title: str, x_title: str, y_title: str, series: Series) -> str:
    """One line for each series."""
    chart = leather.Chart(f"{title} ({y_title})")
    chart.add_x_axis(name=x_title)
    for name, points in series.items():
        chart.add_line([*points], name=name, width=1.5)
    highest = max((y for points in series.values() for _, y in points), default=0.0)
    chart.add_y_scale(0, highest or 1)
    drawn: str = chart.to_svg(width=720, height=320)
    return drawn
