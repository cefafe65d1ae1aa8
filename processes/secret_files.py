"""What is secret: in a variable of the environment, or in a file that another one names."""

from collections.abc import Mapping
from pathlib import Path


class SecretError(Exception):
    """A secret is given twice, or its file holds none; the message names the variable."""


def file_variable(name: str) -> str:
    """The variable that names the file with the secret `name`."""
    return f"{name}_FILE"


def read_secret(variables: Mapping[str, str], name: str) -> str:
    """The secret `name`, empty where there is none; raises SecretError.

    Line ends at the end of a file are not part of it.
    """
    # Not environs' FileAwareEnv: it takes {{X}} for the variable X, and a file where both are set.
    file = file_variable(name)
    value, path = variables.get(name, ""), variables.get(file)
    if not path:
        return value
    if value:
        raise SecretError(f"{name} and {file} are both set: set one of them")
    try:
        value = Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SecretError(f"{file}: {path} cannot be read: {reason}") from error
    if not value:
        raise SecretError(f"{file}: {path} is empty")
    return value
