"""From what a handler returns to what is sent.

returned.py     what a handler may return
accept.py       which of several media types a client prefers (RFC 9110, 12.5.1)
media_types.py  media types and ranges of them, as OpenAPI and HTTP write them
encoding.py     a value as the bytes of a media type
headers.py      a value as a header, and back
declared.py     what an operation declares for a status: its media types and encoders
responder.py    picks status and media type, and sends
sending.py      bodies, streams and files, until they end or the client is gone
ranges.py       the part of a file that was asked for (RFC 9110, 14.2)
write_only.py   what is never answered
check.py        does every answer keep the contract? In tests only
"""
