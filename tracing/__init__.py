"""One trace, from a request to the last order: who caused what, and how long it took or waited.

| file | what |
| --- | --- |
| cause.py | the request and the trace that caused something, as it travels |
| requests.py | the span of an HTTP request |
| mongodb.py | the spans of commands to MongoDB |
| messages.py | the spans of an event: it waits, is published, waits, is processed, again |
| links.py | those of several requests that ended as one |
| logs.py | both in each line of the log |

The API of OpenTelemetry is always there. Whether spans are recorded, and where they go, is the
composition root's affair: processes/tracing.py.
"""
