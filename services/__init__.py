"""Which services there are: `services.yaml`, read and checked. Everything about them begins here.

schema.json     what a row may say
declaration.py  a row, and the names that follow from it
ports.py        what else listens on a machine
reading.py      from the file to the rows
"""
