"""A collector: it takes spans by OTLP over HTTP, in the messages of the official protocol."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from local.ports import HOST

PATH = "/v1/traces"
Value = str | int | bool | float


@dataclass(frozen=True)
class Span:
    """A span as it came. Times are in ns since 1970, ids in hexadecimal digits.

    `links` are pairs of ids: a trace and a span of it.
    """

    process: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    start: int
    end: int
    attributes: Mapping[str, Value]
    links: Sequence[tuple[str, str]] = ()
    failed: bool = False


@dataclass
class Collector:
    """Keeps every span that it is sent; `url` is what OTEL_EXPORTER_OTLP_ENDPOINT is to be."""

    url: str = ""
    _spans: list[Span] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def spans(self) -> list[Span]:
        """Those that have come so far."""
        with self._lock:
            return [*self._spans]

    def of(self, trace: str) -> list[Span]:
        """Those of one trace, in the order in which they began."""
        return sorted((each for each in self.spans if each.trace == trace), key=lambda s: s.start)

    def take(self, request: ExportTraceServiceRequest) -> None:
        """Keep what a process sent."""
        found = [*_spans(request)]
        with self._lock:
            self._spans += found


@contextmanager
def collector() -> Iterator[Collector]:
    """A collector on a free port of this machine."""
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Take a message."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == PATH
            assert self.headers["Content-Type"] == "application/x-protobuf"
            kept.take(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A process that is killed breaks off in the middle."""

    with Server((HOST, 0), Handler) as server:
        kept.url = f"http://{HOST}:{server.server_port}"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        process = str(_attributes(resource.resource.attributes).get("service.name", ""))
        for scope in resource.scope_spans:
            for each in scope.spans:
                yield Span(
                    process,
                    each.name,
                    trace_pb2.Span.SpanKind.Name(each.kind).removeprefix("SPAN_KIND_"),
                    each.trace_id.hex(),
                    each.span_id.hex(),
                    each.parent_span_id.hex(),
                    each.start_time_unix_nano,
                    each.end_time_unix_nano,
                    _attributes(each.attributes),
                    tuple((link.trace_id.hex(), link.span_id.hex()) for link in each.links),
                    each.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
                )


def _attributes(pairs: Sequence[KeyValue]) -> dict[str, Value]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in pairs
    }
