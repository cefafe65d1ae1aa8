"""Reads OpenAPI files, 3.0 and 3.1, into one description that everything else is made from.

    files.py     one file: strict YAML 1.2 or JSON, and the line of everything in it
    grammar.py   which objects an OpenAPI document has, and which fields each of them knows
    bundle.py    a spec and the files it refers to, as one document
    overlay.py   an OpenAPI Overlay, laid over a document
    soundness.py what makes a document unusable, with its place
    structure.py what of that OpenAPI says of each object, and its JSON Schemas
    patterns.py  patterns of ECMA-262, written for whichever engine
    names.py     the one rule by which names of a spec become names of Python
    schemas.py   every schema as JSON Schema 2020-12, whichever version it was written for
    description.py  the frozen classes; reading.py fills them

Knows nothing of services, databases or generators.
"""
