"""Parameters: from what stands in a path, a query, a header or a cookie to the handler's values.

| file | what it knows |
| --- | --- |
| reader.py | all parameters of one operation |
| path.py, query.py, headers.py, cookies.py | one location: which of what was sent is whose |
| decoder.py | one parameter: from what was sent of it to its value |
| styles.py, deep_objects.py, content.py | how values are written: taken apart |
| serialization.py | the same in the other direction |
| shapes.py, conversion.py, scalars.py | what a schema admits, and values of these types |
| ambiguities.py | parameters that no reader could tell apart |
"""
