"""How a process logs: for people in a terminal, as JSON lines elsewhere."""

import logging
import sys
import warnings
from types import TracebackType

import structlog
from structlog.typing import EventDict

from processes.tracebacks import as_data, as_text
from settings.environment import Environment
from settings.log_format import LogFormat
from storage.redaction import redacted
from tracing.logs import add_cause

log = structlog.get_logger(__name__)


def configure_logs(process: str) -> None:
    """Send our events and those of libraries to stderr, in the form that LOG_FORMAT asks for.

    An error that ends the process is such an event. Errors in events are shown without the data
    that MongoDB's quote, and without local variables, which hold keys and what people wrote.

    Args:
        process: The name that every event carries.

    LOG_FORMAT: `auto` is `console` (for people) on a terminal, otherwise `json` (an object a line)

    Raises:
        SettingError: LOG_FORMAT is neither `auto`, `console` nor `json`.
    """
    form = Environment().one_of("LOG_FORMAT", LogFormat.AUTO)
    console = form is LogFormat.CONSOLE or (form is LogFormat.AUTO and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_cause,
        _redact,
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=as_text)]
        if console
        else [structlog.processors.ExceptionRenderer(as_data), structlog.processors.JSONRenderer()]
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
    # What clients send is no news: it is refused.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    sys.excepthook = _log_crash


def _redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Turn errors among an event's fields into what may be said of them."""
    record = event.get("_record")
    if record is not None and record.name == "asyncio" and record.exc_info:
        # The lines behind the first show the task, with its error's own words.
        event["event"] = event["event"].partition("\n")[0]
    shown = {name: redacted(v) for name, v in event.items() if _is_field(name, v)}
    return {**event, **shown}


def _is_field(name: str, value: object) -> bool:
    return isinstance(value, BaseException) and name != "exc_info"


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("crashed", exc_info=(kind, error, trace))
