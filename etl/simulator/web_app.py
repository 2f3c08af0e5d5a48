"""The simulator as a web application: HTTP in, HTTP out, and the ways in which a connection can fail for real."""

from __future__ import annotations

import asyncio
import socket
import struct
from datetime import UTC, datetime

from aiohttp import web

from etl.simulator.core import Simulator
from etl.simulator.messages import Reply, SimRequest

_LARGEST_BODY_BYTES = 32 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: closing sends RST instead of FIN


def web_app(simulator: Simulator) -> web.Application:
    """The routes: what the simulator holds and counted, and everything else to its core."""

    async def activities(_request: web.Request) -> web.StreamResponse:
        catch_up(simulator)
        return web.json_response(simulator.activities())

    async def stats(_request: web.Request) -> web.StreamResponse:
        catch_up(simulator)
        return web.json_response(simulator.stats())

    async def everything_else(request: web.Request) -> web.StreamResponse:
        return await _serve(simulator, request)

    app = web.Application(client_max_size=_LARGEST_BODY_BYTES)
    app.router.add_get("/_simulator/activities", activities)
    app.router.add_get("/_simulator/stats", stats)
    app.router.add_route("*", "/{anything:.*}", everything_else)
    return app


def catch_up(simulator: Simulator) -> None:
    """What was put off and is due by now, before somebody looks; called within the server's loop."""
    simulator.catch_up(asyncio.get_running_loop().time(), datetime.now(UTC))


async def _serve(simulator: Simulator, request: web.Request) -> web.StreamResponse:
    """One request through the core; it arrives after its way there, even if the client has hung up by then."""
    arriving = await _arriving(request)
    travel = simulator.set_off()
    await asyncio.sleep(travel.there_seconds)
    reply = simulator.handle(arriving, asyncio.get_running_loop().time(), datetime.now(UTC))
    await asyncio.sleep(reply.delay_seconds + travel.back_seconds)
    if reply.dropped:
        return _reset(request)
    if reply.cut_after is not None:
        return await _cut(request, reply)
    return web.Response(status=reply.status, headers=reply.headers, body=reply.body)


async def _arriving(request: web.Request) -> SimRequest:
    return SimRequest(
        method=request.method,
        path=request.path,
        query=tuple(request.query.items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
    )


def _reset(request: web.Request) -> web.StreamResponse:
    """Reset the connection instead of answering; the response that aiohttp wants back reaches nobody."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        request.transport.abort()
    return web.Response()


async def _cut(request: web.Request, reply: Reply) -> web.StreamResponse:
    """Announce the whole length, send less, and close."""
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.sent_body)
    if request.transport is not None:
        request.transport.close()
    return response
