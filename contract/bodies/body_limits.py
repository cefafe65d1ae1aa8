"""How large, how deep and how slow a body may be."""

MAX_BODY_BYTES = 1024 * 1024
"""A larger body is refused, but for its files; the gateway's limit is the same."""

MAX_UPLOAD_BYTES = 100 * 1024 * 1024
"""All files of a request have so many bytes at most, where neither spec nor setting says."""

MAX_FIELDS = 1000
"""A form has at most so many fields or parts."""

MAX_DEPTH = 90
"""So deep objects and arrays may lie in each other: MongoDB takes a hundred levels."""

HELD_BYTES = 256 * 1024
"""Of all files of a request so many bytes are held in memory before they are written to disk. With
what is being written, and what came last, that is 1 MiB at most."""

WINDOW_SECONDS = 10
WINDOW_BYTES = 10 * 1024
"""A client whose next so many bytes take longer than that is sent away: 1 KiB a second will do."""
