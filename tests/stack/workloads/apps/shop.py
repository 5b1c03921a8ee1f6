"""A shop with nested models, a websocket, a slow answer, and a word when it closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, WebSocket
from pydantic import BaseModel, Field


class Item(BaseModel):
    """What is ordered, and how often."""

    name: str = Field(min_length=1)
    count: int = Field(gt=0)


class Order(BaseModel):
    """Some items for a customer."""

    customer: str
    items: list[Item]


class Receipt(BaseModel):
    """How many pieces a customer gets."""

    customer: str
    pieces: int


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Leave a file behind once the shop has closed."""
    yield
    Path("closed").touch()  # noqa: ASYNC240 - nobody waits any more


app = FastAPI(lifespan=lifespan)


@app.post("/orders")
def order(order: Order) -> Receipt:
    """Count the pieces of an order."""
    return Receipt(customer=order.customer, pieces=sum(item.count for item in order.items))


@app.get("/slow")
async def slow() -> str:
    """Say that the answer has begun, and take half a second over it."""
    Path("begun").touch()  # noqa: ASYNC240 - one small file
    await asyncio.sleep(0.5)
    return "done"


@app.websocket("/double")
async def double(socket: WebSocket) -> None:
    """Answer each number with its double."""
    await socket.accept()
    while True:
        await socket.send_json(2 * await socket.receive_json())
