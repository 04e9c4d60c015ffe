"""A client in service: it writes, watches, keeps a lease alive and competes for a lock until standard input ends.

It says what it was answered, line by line. The server is killed meanwhile: what fails is tried again. The library connects
again by itself, but leaves it to its users to repeat a request and to watch again.
"""

import sys
import threading
import time

PREFIX = "soak/python-etcd3/"
KEYS = 20
LEASE_SECONDS = 20
KEEP_ALIVE_EVERY = 2
# Between two requests of one kind.
PAUSE = 0.02


def run(connect):
    roles = [(write,), (follow,), (keep,), (contend, "a"), (contend, "b")]
    for role, *arguments in roles:
        # A client each: the library's own threads are not to wait for one another.
        threading.Thread(target=role, args=[connect(), *arguments], daemon=True).start()
    sys.stdin.read()


def write(client):
    number = 0
    while True:
        key = f"{PREFIX}{number % KEYS}"
        try:
            say("put", key, number, client.put(key, str(number)).header.revision)
        except Exception as error:
            trouble(error)
        number += 1
        time.sleep(PAUSE)


def follow(client):
    revision = 1
    while True:
        try:
            events, _ = client.watch_prefix(PREFIX, start_revision=revision)
            for event in events:
                say("saw", event.key.decode(), event.value.decode(), event.mod_revision)
                revision = event.mod_revision + 1
        except Exception as error:
            trouble(error)


def keep(client):
    lease = insist(lambda: client.lease(LEASE_SECONDS))
    while True:
        try:
            say("kept" if lease.refresh()[0].TTL > 0 else "lost")
        except Exception as error:
            trouble(error)
        time.sleep(KEEP_ALIVE_EVERY)


def contend(client, who):
    lock = client.lock("soak-lock/python-etcd3", ttl=LEASE_SECONDS)
    while True:
        try:
            if not lock.acquire(timeout=5):
                continue
        except Exception as error:
            # It may have been taken all the same.
            trouble(error)
            insist(lock.release)
            continue
        say("locked", who)
        insist(lock.is_acquired)
        say("unlocking", who)
        insist(lock.release)
        time.sleep(PAUSE)


def insist(request):
    while True:
        try:
            return request()
        except Exception as error:
            trouble(error)


def trouble(error):
    say("trouble", type(error).__name__)
    time.sleep(PAUSE)


def say(*words):
    # One write a line: several threads speak.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()
