"""Bodies of requests: from the bytes on the wire to what a handler is given.

| file | what it holds |
| --- | --- |
| media_types.py | the media type of a body, by RFC 9110, and the types and ranges of a spec |
| incoming.py | the bytes as they come: how many at most, and how slowly |
| contents.py | JSON, text and files: one class for each way in which a body is read |
| forms.py | a form's fields by its schema: which are files, which JSON, and what a text may be |
| urlencoded.py, multipart.py | the two forms |
| files.py | uploaded files: in memory, then on disk, and gone with the request |
| reading.py | which of them reads a body: compiled for each operation |
| refusals.py | what a spec may not say of a body |
"""
