"""Bodies of requests: from the bytes on the wire to what a handler is given.

| file | what it holds |
| --- | --- |
| media_types.py | the media type of a body, by RFC 9110, and the types and ranges of a spec |
| body_limits.py | how large, how deep and how slow |
| incoming.py | the bytes as they come: how many at most, and how slowly |
| contents.py | JSON, text and files: one class for each way in which a body is read |
| forms.py, form_fields.py | a form's fields by its schema: which is a file, JSON, or text |
| assembly.py | from the texts of the fields to the object that they make |
| form_schemas.py | the schema of a form without its files |
| urlencoded.py | the form of texts |
| multipart.py, multipart_parts.py | the form with files |
| field_values.py | JSON, and texts as what their schema means |
| files.py | uploaded files: in memory, then on disk, and gone with the request |
| body_reading.py | which of them reads a body: compiled for each operation |
| refusals.py | what a spec may not say of a body |
"""
