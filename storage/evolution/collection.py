"""Collections whose documents are not, or not yet, all as storage knows them.

They take the place of pymongo's where storage is put together; storage itself need not know.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from pymongo import DeleteMany, DeleteOne, InsertOne, UpdateMany, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from storage.client import Json
from storage.evolution.presence import Presence
from storage.evolution.shape import Shape

_QUERY_PLAN_KILLED = 175

_Write = InsertOne[Json] | UpdateOne | UpdateMany | DeleteOne | DeleteMany


class EvolvingDatabase(AsyncDatabase[Json]):
    """A database of which some collections have a shape; writes to these are the presence's."""

    def __init__(
        self, database: AsyncDatabase[Json], shapes: Mapping[str, Shape], presence: Presence
    ) -> None:
        super().__init__(database.client, database.name)
        self._shapes, self._presence = shapes, presence

    def __getitem__(self, name: str) -> AsyncCollection[Json]:
        """A collection of it."""
        shape = self._shapes.get(name)
        found = super().__getitem__(name)
        return found if shape is None else EvolvingCollection(found, shape, self._presence)


class _Cursor(AsyncCursor[Json]):
    """Finds documents as storage knows them."""

    def __init__(self, collection: "EvolvingCollection", *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(collection, *args, **kwargs)
        projection = args[1] if len(args) > 1 else kwargs.get("projection")
        self._read: Callable[[Json], Json] = lambda found: collection.shape.read(found, projection)

    async def next(self) -> Json:
        """The next document."""
        return self._read(await super().next())

    async def to_list(self, length: int | None = None) -> list[Json]:
        """The next documents, all by default."""
        try:
            found = await super().to_list(length)
        except OperationFailure as error:
            if error.code != _QUERY_PLAN_KILLED:
                raise
            # The set-up has just dropped the index that it read by: there is another.
            await self.rewind()
            found = await super().to_list(length)
        return [self._read(each) for each in found]


class EvolvingCollection(AsyncCollection[Json]):
    """A collection with a shape: operations are in terms of what storage knows.

    One that it does not know is refused: it would go to the database as it is.
    """

    def __init__(
        self,
        collection: AsyncCollection[Json],
        shape: Shape,
        presence: Presence,
    ) -> None:
        super().__init__(
            collection.database,
            collection.name,
            False,  # noqa: FBT003 - pymongo's own
            collection.codec_options,
            collection.read_preference,
            collection.write_concern,
            collection.read_concern,
        )
        self.shape, self._presence = shape, presence

    def with_options(self, codec_options: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The same collection with other options of pymongo."""
        plain = super().with_options(codec_options, *args, **kwargs)
        return EvolvingCollection(plain, self.shape, self._presence)

    def find(self, *args: Any, **kwargs: Any) -> AsyncCursor[Json]:  # noqa: ANN401
        """See pymongo."""
        given = dict(zip(("filter", "projection"), args, strict=False)) | kwargs
        query = self.shape.query(given.pop("filter", None) or {})
        projection = self.shape.projection(given.pop("projection", None))
        if given.get("sort"):
            given["sort"] = self.shape.order(given["sort"])
        return _Cursor(self, query, projection, *args[2:], **given)

    async def insert_one(self, document: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """See pymongo."""
        insert = super().insert_one
        return await self._presence.write(
            lambda: insert(self.shape.document(document), *args, **kwargs)
        )

    async def update_one(self, filter: Any, update: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002, ANN401
        """See pymongo."""
        change = super().update_one
        return await self._presence.write(
            lambda: change(*self._both(filter, update), *args, **kwargs)
        )

    async def replace_one(self, filter: Any, replacement: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002, ANN401
        """See pymongo."""
        replace = super().replace_one
        return await self._presence.write(
            lambda: replace(
                self.shape.query(filter), self.shape.document(replacement), *args, **kwargs
            )
        )

    async def update_many(self, filter: Any, update: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002, ANN401
        """See pymongo."""
        change = super().update_many
        return await self._presence.write(
            lambda: change(*self._both(filter, update), *args, **kwargs)
        )

    async def delete_one(self, filter: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002, ANN401
        """See pymongo."""
        return await super().delete_one(self.shape.query(filter), *args, **kwargs)

    async def delete_many(self, filter: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002, ANN401
        """See pymongo."""
        return await super().delete_many(self.shape.query(filter), *args, **kwargs)

    async def count_documents(self, filter: Any, *args: Any, **kwargs: Any) -> int:  # noqa: A002, ANN401
        """See pymongo."""
        return await super().count_documents(self.shape.query(filter), *args, **kwargs)

    async def find_one_and_update(
        self,
        filter: Any,  # noqa: A002, ANN401
        update: Any,  # noqa: ANN401
        projection: Any = None,  # noqa: ANN401
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """See pymongo."""
        selected = self.shape.projection(projection)
        change = super().find_one_and_update
        found = await self._presence.write(
            lambda: change(*self._both(filter, update), selected, *args, **kwargs)
        )
        return None if found is None else self.shape.read(found, selected)

    async def bulk_write(self, requests: Sequence[Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """See pymongo."""
        write = super().bulk_write
        return await self._presence.write(
            lambda: write([*map(self._write, requests)], *args, **kwargs)
        )

    async def aggregate(self, pipeline: Iterable[Json], *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        """See pymongo; what it yields is as the pipeline says."""
        return await super().aggregate(self.shape.pipeline(pipeline), *args, **kwargs)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401
        raise NotImplementedError("an operation that storage/evolution/collection.py has not")

    find_one_and_replace = find_one_and_delete = _refuse
    distinct = insert_many = watch = _refuse

    def _both(self, query: Any, update: Any) -> tuple[Json, Any]:  # noqa: ANN401
        return self.shape.query(query), self.shape.update(update)

    def _write(self, request: Any) -> _Write:  # noqa: ANN401
        # pymongo has no other way to look into one.
        if isinstance(request, InsertOne):
            return InsertOne(self.shape.document(request._doc))  # noqa: SLF001
        if isinstance(request, UpdateOne | UpdateMany):
            query, update = self._both(request._filter, request._doc)  # noqa: SLF001
            return type(request)(query, update, upsert=request._upsert)  # noqa: SLF001
        if isinstance(request, DeleteOne | DeleteMany):
            return type(request)(self.shape.query(request._filter))  # noqa: SLF001
        return self._refuse()
