"""The operations of uploads.yaml in FastAPI, to measure beside them. Nothing else imports this."""

from typing import Annotated

from fastapi import FastAPI, File, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI()


class Fields(BaseModel):
    """The form."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(max_length=254)]
    age: Annotated[int, Field(ge=0, le=150)]
    height: float | None = None
    subscribed: bool = False
    tags: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=10)] = []


@app.get("/search")
async def search(
    tags: Annotated[list[Annotated[str, Field(max_length=50)]], Query(max_length=10)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, int]:
    """How many tags there are."""
    return {"tags": min(len(tags), limit)}


@app.post("/form")
async def form(body: Annotated[Fields, Form()]) -> dict[str, int]:
    """How many tags there are."""
    return {"tags": len(body.tags)}


@app.post("/upload")
async def upload(
    note: Annotated[str, Form(max_length=100)], file: Annotated[UploadFile, File()]
) -> dict[str, int | None]:
    """How large the file is."""
    return {"size": file.size if note else None}
