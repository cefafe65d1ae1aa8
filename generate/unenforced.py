"""What the specs ask of stored data and MongoDB's validators cannot hold: the one list of it."""

from typing import Any

from generate.json_schemas import as_text
from generate.sources import Sources
from storage.entity import Entity
from storage.orders import CONTACTS
from storage.validators import unenforced as left_out

PATH = "schemas/unenforced.json"


def unenforced(sources: Sources) -> dict[str, str]:
    """By collection: the places (`*`: any element), and at each the keywords and their values.

    Where several schemas say something else at one place, the values are the list of theirs.
    """
    stored = {each.name: Entity(api, each.schema) for _, each, api in sources.stored()}
    if sources.events is not None and CONTACTS in sources.declared.published:
        stored["contacts"] = Entity(sources.events, CONTACTS)
    return {PATH: as_text({name: _unenforced(each) for name, each in stored.items()})}


def _unenforced(entity: Entity) -> dict[str, dict[str, Any]]:
    places: dict[str, dict[str, list[Any]]] = {}
    for each in left_out(entity):
        values = places.setdefault(each.place, {}).setdefault(each.keyword, [])
        if each.schema[each.keyword] not in values:
            values.append(each.schema[each.keyword])
    return {
        place: {key: said if len(said) > 1 else said[0] for key, said in keywords.items()}
        for place, keywords in places.items()
    }
