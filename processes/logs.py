"""How a process logs: for people in a terminal, as JSON lines elsewhere."""

import logging
import os
import sys
import warnings

import structlog

from processes.settings import SettingsError

# Local variables hold keys and what people wrote.
_WITHOUT_LOCALS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logs(process: str) -> None:
    """Send our events and those of libraries to stderr, in the form that LOG_FORMAT asks for.

    Args:
        process: The name that every event carries.

    LOG_FORMAT: `auto` is `console` (for people) on a terminal, otherwise `json` (an object a line)

    Raises:
        SettingsError: LOG_FORMAT is neither `auto`, `console` nor `json`.
    """
    form = os.environ.get("LOG_FORMAT", "auto")
    if form not in ("auto", "console", "json"):
        raise SettingsError(f"LOG_FORMAT must be auto, console or json, not {form}")
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [_WITHOUT_LOCALS, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    # connexion imports Starlette's test client, which warns; neither concerns whoever reads this.
    warnings.filterwarnings("ignore", message=".*starlette.testclient.*")
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("pymongo", "connexion", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A connection lost is eight lines of pika's, and one of ours.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
