"""Whether a process records spans, which of them, and where it sends them."""

import os
from uuid import uuid4

from opentelemetry import trace

from settings.environment import SettingError

_SAMPLERS = ("always_on", "always_off", "traceidratio")
_SAMPLER_NAMES = (*_SAMPLERS, *(f"parentbased_{each}" for each in _SAMPLERS))
_PROTOCOL = "http/protobuf"
_FLUSH_WITHIN_MS = 2000
"""How long a process that ends waits for a collector to take what it has not sent yet."""


def configure_tracing(process: str) -> None:
    """Record spans and send them, where a collector is set; else do nothing at all.

    Call it once in a process, before anything that makes spans. What has not been sent when the
    process ends is sent then, within two seconds.

    Args:
        process: What the process is called in traces, unless OTEL_SERVICE_NAME says otherwise.

    OTEL_EXPORTER_OTLP_ENDPOINT: the collector that takes spans by OTLP over HTTP, such as \
`http://127.0.0.1:4318`; without it none are recorded
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: the same for whoever has another path than `/v1/traces`
    OTEL_EXPORTER_OTLP_PROTOCOL: `http/protobuf`
    OTEL_SERVICE_NAME: what the process is called in traces; its name in `services.yaml` by default
    OTEL_TRACES_SAMPLER: which traces are recorded, as OpenTelemetry names it; by default those \
that the client or the gateway has recorded, and all that begin here
    OTEL_TRACES_SAMPLER_ARG: which part of the traces that begin here, `0` to `1`, where the \
sampler's name ends in `traceidratio`
    OTEL_SDK_DISABLED: `true` records nothing, whatever else is set

    Raises:
        SettingError: One of them is nothing that can be done.
    """
    if not _is_wanted():
        return
    # Only now: who sends no spans is not to pay for what sends them.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    class Spans(BatchSpanProcessor):
        """Does not keep a process that ends for the half minute that the SDK would."""

        def shutdown(self) -> None:
            self._batch_processor.shutdown(timeout_millis=_FLUSH_WITHIN_MS)

    name = os.environ.get("OTEL_SERVICE_NAME") or process
    own = {"service.name": name, "service.instance.id": str(uuid4())}
    given = OTELResourceDetector().detect().attributes
    provider = TracerProvider(resource=Resource.create({**own, **given}))
    provider.add_span_processor(Spans(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def _is_wanted() -> bool:
    """Whether there is a collector; raises SettingError where it, or what it is to get, is wrong.

    The SDK would take its defaults then, and say so in the log.
    """
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    traces = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
    if not endpoint and not traces:
        return False
    for name, value in (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces),
    ):
        if value and not value.startswith(("http://", "https://")):
            raise SettingError(f"{name} must be http://host:port, not {value!r}")
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or _PROTOCOL
    if protocol != _PROTOCOL:
        raise SettingError(
            f"OTEL_EXPORTER_OTLP_PROTOCOL must be {_PROTOCOL}, not {protocol!r}: "
            "every collector takes it, by default at port 4318"
        )
    sampler = os.environ.get("OTEL_TRACES_SAMPLER") or _SAMPLER_NAMES[0]
    if sampler not in _SAMPLER_NAMES:
        known = ", ".join(_SAMPLER_NAMES)
        raise SettingError(f"OTEL_TRACES_SAMPLER must be one of {known}, not {sampler!r}")
    ratio = os.environ.get("OTEL_TRACES_SAMPLER_ARG") or "1"
    if sampler.endswith("traceidratio") and not _is_part(ratio):
        raise SettingError(f"OTEL_TRACES_SAMPLER_ARG must be a number, 0 to 1, not {ratio!r}")
    return (os.environ.get("OTEL_SDK_DISABLED") or "false").lower() != "true"


def _is_part(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
