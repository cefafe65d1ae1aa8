"""One trace, from a request to the last order: who caused what, and how long it took or waited.

| file | what |
| --- | --- |
| cause.py | the request and the trace that caused something, as it travels |
| requests.py | the span of an HTTP request |
| mongodb.py | the spans of commands to MongoDB |
| waiting.py | the spans of an event: in the outbox, sent, in a queue, applied, tried again |
| links.py | those of several requests that ended as one |

The API of OpenTelemetry is always there. Whether spans are recorded, and where they go, is the
composition root's affair: processes/tracing.py.
"""
