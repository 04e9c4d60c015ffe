// A client in service: it writes, watches, keeps a lease alive and competes for a lock until standard input ends. It says what it
// was answered, line by line. The server is killed meanwhile: what fails is tried again, where the library does not do so itself.

'use strict';

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { EtcdLockFailedError } = require('etcd3');

const PREFIX = 'soak/node/';
const KEYS = 20;
const LEASE_SECONDS = 20;
// Between two requests of one kind.
const PAUSE_MS = 20;

async function soak(client, fail) {
  for (const role of [write(client), follow(client), keep(client), contend(client, 'a'), contend(client, 'b')]) {
    role.catch(error => fail(`${error.constructor.name}: ${error.message}`));
  }
  await once(process.stdin.resume(), 'end');
}

async function write(client) {
  for (let number = 0; ; number++) {
    const key = `${PREFIX}${number % KEYS}`;
    const put = await attempt(() => client.put(key).value(number).exec());
    if (put) {
      console.log('put', key, number, put.header.revision);
    }
    await sleep(PAUSE_MS);
  }
}

// The library watches again by itself.
async function follow(client) {
  const watcher = await client.watch().prefix(PREFIX).startRevision(1).create();
  watcher.on('data', ({ events }) => {
    for (const { kv } of events) {
      console.log('saw', kv.key.toString(), kv.value.toString(), kv.mod_revision);
    }
  });
  await once(watcher, 'end');
  throw new Error('the watch ended');
}

async function keep(client) {
  for (;;) {
    const lease = client.lease(LEASE_SECONDS);
    lease.on('keepaliveSucceeded', () => console.log('kept'));
    await once(lease, 'lost');
    console.log('lost');
  }
}

// The library's locks do not wait.
async function contend(client, who) {
  for (;;) {
    const lock = client.lock('soak-lock/node').ttl(LEASE_SECONDS);
    const taken = await lock.acquire().catch(error => error);
    if (taken instanceof EtcdLockFailedError) {
      await sleep(PAUSE_MS);
      continue;
    }
    if (taken === lock) {
      console.log('locked', who);
      await attempt(() => client.get('soak-lock/node').exec());
      console.log('unlocking', who);
    } else {
      // It may have been taken all the same.
      await trouble(taken);
    }
    while (!(await attempt(() => lock.release().then(() => true)))) { }
    await sleep(PAUSE_MS);
  }
}

/** Returns the answer of a request, or none. */
async function attempt(request) {
  return request().catch(trouble);
}

async function trouble(error) {
  console.log('trouble', error.constructor.name);
  await sleep(PAUSE_MS);
}

module.exports = { soak };
