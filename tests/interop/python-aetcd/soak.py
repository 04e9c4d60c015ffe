"""A client in service: it writes, watches, keeps a lease alive and competes for a lock until standard input ends.

It says what it was answered, line by line. The server is killed meanwhile: what fails is tried again. The library connects
again by itself, but leaves it to its users to repeat a request and to watch again.
"""

import asyncio
import sys

PREFIX = b"soak/python-aetcd/"
KEYS = 20
LEASE_SECONDS = 20
KEEP_ALIVE_EVERY = 2
# Between two requests of one kind.
PAUSE = 0.02
# How long an answer may take.
PATIENCE = 10


async def run(connect):
    # A client each: a library's watcher that is set up again is not to disturb another.
    roles = (write(connect()), follow(connect), keep(connect()), contend(connect(), "a"), contend(connect(), "b"))
    running = [asyncio.create_task(role) for role in roles]
    await asyncio.to_thread(sys.stdin.read)
    for role in running:
        role.cancel()


async def write(client):
    number = 0
    while True:
        key = PREFIX + str(number % KEYS).encode()
        put = await attempt(client.put(key, str(number).encode()))
        if put:
            say("put", key.decode(), number, put.header.revision)
        number += 1
        await asyncio.sleep(PAUSE)


async def follow(connect):
    revision = 1
    while True:
        try:
            async with connect() as client:
                async for event in await client.watch_prefix(PREFIX, start_revision=revision):
                    say("saw", event.kv.key.decode(), event.kv.value.decode(), event.kv.mod_revision)
                    revision = event.kv.mod_revision + 1
        except Exception as error:
            await trouble(error)


async def keep(client):
    lease = await insist(lambda: client.lease(LEASE_SECONDS))
    while True:
        kept = await attempt(lease.refresh())
        if kept:
            say("kept" if kept.TTL > 0 else "lost")
        await asyncio.sleep(KEEP_ALIVE_EVERY)


async def contend(client, who):
    lock = client.lock(b"soak-lock/python-aetcd", ttl=LEASE_SECONDS)
    while True:
        if not await attempt(lock.acquire(timeout=5)):
            # It may have been taken all the same.
            await insist(lock.release)
            continue
        say("locked", who)
        await insist(lock.is_acquired)
        say("unlocking", who)
        await insist(lock.release)
        await asyncio.sleep(PAUSE)


async def attempt(request):
    """Returns the answer of a request, or none."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await request
    except Exception as error:
        await trouble(error)


async def insist(request):
    """Returns the answer of a request, however often it takes."""
    while True:
        answer = await attempt(request())
        if answer is not None:
            return answer


async def trouble(error):
    say("trouble", type(error).__name__)
    await asyncio.sleep(PAUSE)


def say(*words):
    print(*words, flush=True)
