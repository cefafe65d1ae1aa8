"""One thin function per operationId."""
