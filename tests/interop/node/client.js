// A client of an etcd-compatible server on the Node library `etcd3`. It does what users of the library do and prints one line
// for each fact it finds, so that two servers can be compared by what they make it print.
//
//     ENDPOINT=127.0.0.1:2379 node kv|txn|watch|lease|lock|election|auth|tls|soak

'use strict';

const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const readline = require('node:readline');
const { isDeepStrictEqual } = require('node:util');
const { Etcd3 } = require('etcd3');
const { soak } = require('./soak');

const TIME_LIMIT_MS = 60_000;
// Of a section that goes on until its input ends.
const SOAK_LIMIT_MS = 3_600_000;

function connect(username = process.env.ETCD_TEST_USER, password = process.env.ETCD_TEST_PASSWORD) {
  const { ENDPOINT, CA, CERT, KEY } = process.env;
  return new Etcd3({
    hosts: `${CA ? 'https' : 'http'}://${ENDPOINT}`,
    credentials: CA && {
      rootCertificate: readFileSync(CA),
      certChain: CERT && readFileSync(CERT),
      privateKey: KEY && readFileSync(KEY),
    },
    auth: username && { username, password },
  });
}

async function kv(client) {
  const first = await client.put('kv/a').value('1').exec();
  fact('put without prev_kv returns none', first.prev_kv, null);
  fact('put with prev_kv', (await client.put('kv/a').value('2').getPrevious()).value.toString(), '1');
  fact('get', await client.get('kv/a').string(), '2');
  fact('get as a number', await client.get('kv/a').number(), 2);
  const [found] = (await client.get('kv/a').exec()).kvs;
  fact('version', found.version, '2');
  fact('create revision is that of the first put', found.create_revision === first.header.revision, true);
  fact('a put takes one revision', Number(found.mod_revision) - Number(first.header.revision), 1);
  fact('get of a key that is not there', await client.get('kv/none').string(), null);
  fact('exists', [await client.get('kv/a').exists(), await client.get('kv/none').exists()], [true, false]);

  await client.put('kv/b').value('1');
  await client.put('kv/c').value('3');
  const all = () => client.getAll().prefix('kv/');
  fact('prefix', await all().strings(), { 'kv/a': '2', 'kv/b': '1', 'kv/c': '3' });
  fact('keys only', await all().keys(), ['kv/a', 'kv/b', 'kv/c']);
  fact('range without its end', await client.getAll().inRange({ start: 'kv/a', end: 'kv/c' }).keys(), ['kv/a', 'kv/b']);
  const limited = await all().limit(2).exec();
  fact('limit', names(limited.kvs), ['kv/a', 'kv/b']);
  fact('limit says that there is more', [limited.more, limited.count], [true, '3']);
  fact('sort by key, descending', names((await all().sort('Key', 'Descend').exec()).kvs), ['kv/c', 'kv/b', 'kv/a']);
  fact('sort by value', names((await all().sort('Value', 'Ascend').exec()).kvs), ['kv/b', 'kv/a', 'kv/c']);
  fact('count', await all().count(), 3);
  fact('serializable', await client.get('kv/a').serializable(true).string(), '2');
  fact('created later', names((await all().minCreateRevision(Number(first.header.revision) + 1).exec()).kvs), ['kv/b', 'kv/c']);
  fact('namespace', await client.namespace('kv/').get('b').string(), '1');

  fact('old revision', await client.get('kv/a').revision(first.header.revision).string(), '1');
  fact('delete with prev_kv', names(await client.delete().key('kv/c').getPrevious()), ['kv/c']);
  const deleted = await client.delete().prefix('kv/').exec();
  fact('delete range', deleted.deleted, '2');
  fact('delete of nothing', (await client.delete().prefix('kv/').exec()).deleted, '0');

  await client.kv.compact({ revision: deleted.header.revision });
  await refused('compacted revision', client.get('kv/a').revision(first.header.revision).exec(),
    'GRPCOutOfRangeError: 11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted');
  await refused('future revision', client.get('kv/a').revision(Number(deleted.header.revision) + 1000).exec(),
    'GRPCOutOfRangeError: 11 OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision');

  const everyByte = Buffer.from([...Array(256).keys()]);
  for (const [what, value] of [['empty value', ''], ['binary value', everyByte], ['value of 1 MiB', Buffer.alloc(1 << 20, 'v')]]) {
    await client.put('kv/value').value(value);
    fact(`${what} is unchanged`, (await client.get('kv/value').buffer()).equals(Buffer.from(value)), true);
  }
  const binaryKey = Buffer.concat([Buffer.from('kv/'), everyByte]);
  await client.put(binaryKey).value('x');
  fact('binary key is unchanged', await client.get(binaryKey).string(), 'x');
  await refused('too large a request', client.put('kv/large').value(Buffer.alloc(1600 << 10)).exec(),
    'GRPCInvalidArgumentError: 3 INVALID_ARGUMENT: etcdserver: request is too large');
  await client.delete().prefix('kv/');
}

// The library's transactions do not nest.
async function txn(client) {
  const create = () =>
    client.if('txn/a', 'Create', '==', 0).then(client.put('txn/a').value('1')).else(client.get('txn/a')).commit();
  const created = await create();
  fact('guarded create', created.succeeded, true);
  const again = await create();
  fact('guarded create of what is there', again.succeeded, false);
  fact('the else branch reads it', again.responses[0].response_range.kvs[0].value.toString(), '1');

  const update = async value =>
    (await client.if('txn/a', 'Mod', '==', created.header.revision).then(client.put('txn/a').value(value)).commit()).succeeded;
  fact('guarded update won', await update('2'), true);
  fact('guarded update lost', await update('3'), false);
  fact('value of the winner', await client.get('txn/a').string(), '2');
  const holds = async (...compare) => (await client.if('txn/a', ...compare).commit()).succeeded;
  fact('compare value greater', await holds('Value', '>', '1'), true);
  fact('compare value not equal', await holds('Value', '!==', '2'), false);
  fact('compare version less', await holds('Version', '<', 2), false);
  const both = await client.if('txn/a', 'Value', '==', '2').and('txn/b', 'Version', '==', 0)
    .then(client.put('txn/b').value('1'), client.getAll().prefix('txn/'), client.delete().key('txn/a')).commit();
  fact('reads see the writes before them', names(both.responses[1].response_range.kvs), ['txn/a', 'txn/b']);
  fact('deleted in a transaction', both.responses[2].response_delete_range.deleted, '1');
  const twice = client.if('txn/d', 'Version', '==', 0).then(client.put('txn/d').value('1'), client.put('txn/d').value('2'));
  await refused('the same key twice', twice.commit(),
    'GRPCInvalidArgumentError: 3 INVALID_ARGUMENT: etcdserver: duplicate key given in txn request');

  // Two transactions that add to the same key: the one that loses is run again.
  const add = () => client.stm().transact(async tx => {
    const value = await tx.get('txn/sum').number();
    await tx.put('txn/sum').value((value ?? 0) + 1);
  });
  await Promise.all([add(), add()]);
  fact('software transactional memory', await client.get('txn/sum').number(), 2);
  await client.delete().prefix('txn/');
}

// The library asks for progress by itself and hands none out.
async function watch(client) {
  const watching = () => client.watch().prefix('watch/').withPreviousKV();
  const live = await watching().create();
  const events = collect(live);
  const { header: { revision: start } } = await client.put('watch/a').value('1').exec();
  await client.put('watch/a').value('2');
  await client.put('unwatched').value('x');
  await client.put('watch/b').value('1');
  await client.delete().key('watch/a');
  await client.delete().key('unwatched');
  const want = ['put watch/a=1', 'put watch/a=2 after 1', 'put watch/b=1', 'delete watch/a= after 2'];
  await expect('live', events, want);
  const from = async (what, builder, expected) => {
    const watcher = await builder.startRevision(start).create();
    await expect(what, collect(watcher), expected);
    await watcher.cancel();
  };
  await from('from an old revision', watching(), want);
  await from('only deletes', client.watch().prefix('watch/').only('delete'), ['delete watch/a=']);
  await from('only puts', client.watch().prefix('watch/').only('put'), ['put watch/a=1', 'put watch/a=2', 'put watch/b=1']);

  const { header: { revision: current } } = await client.get('watch/a').exec();
  await client.kv.compact({ revision: current });
  const compacted = await watching().startRevision(start).create();
  const [error] = await once(compacted, 'error').catch(thrown => [thrown]);
  fact('compacted start revision', [error.constructor.name, error.message.trim()], ['EtcdError', 'Watcher canceled:']);

  const connected = once(live, 'connected');
  console.log('cut me');
  await once(readline.createInterface({ input: process.stdin }), 'line');
  // The library watches again from where it was as soon as it has a connection, and repeats reads until they are answered.
  await connected;
  await client.get('watch/a').exec();
  await client.put('watch/c').value('1');
  await client.put('watch/c').value('2');
  await client.delete().prefix('watch/');
  await expect('after a reconnect', events,
    ['put watch/c=1', 'put watch/c=2 after 1', 'delete watch/b= after 1', 'delete watch/c= after 2']);
  await live.cancel();
}

async function lease(client) {
  const leaseNotFound =
    'EtcdLeaseInvalidError: Lease 5 NOT_FOUND: etcdserver: requested lease not found is expired or revoked';
  const kept = client.lease(2);
  await kept.put('lease/kept').value('1');
  const granted = Date.now();
  while (Date.now() - granted < 4000) {
    await once(kept, 'keepaliveSucceeded');
  }
  fact('key of a lease of 2 s kept alive for 4 s', await client.get('lease/kept').string(), '1');
  fact('keep alive once', (await kept.keepaliveOnce()).TTL, '2');

  const long = client.lease(600, { autoKeepAlive: false });
  await long.put('lease/long').value('1');
  const id = await long.grant();
  fact('the key names its lease', (await client.get('lease/long').exec()).kvs[0].lease === id, true);
  const left = await client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
  fact('time to live, granted', left.grantedTTL, '600');
  fact('time to live, left', left.TTL > 500 && left.TTL <= 600, true);
  fact('time to live, keys', left.keys.map(String), ['lease/long']);
  const listed = (await client.leaseClient.leaseLeases()).leases.map(lease => lease.ID);
  fact('leases list', [listed.includes(await kept.grant()), listed.includes(id)], [true, true]);

  // Nobody keeps the first lease alive any more.
  const ended = await client.watch().prefix('lease/').only('delete').create();
  kept.release();
  await expect('an expired lease deletes its key', collect(ended), ['delete lease/kept=']);
  const late = await kept.keepaliveOnce().catch(error => error);
  fact('keep alive of an expired lease', late.constructor.name, 'EtcdLeaseInvalidError');
  await refused('put with an expired lease', client.put('lease/late').value('1').lease(await kept.grant()).exec(), leaseNotFound);
  await long.revoke();
  fact('revoke deletes the key', await client.get('lease/long').string(), null);
  await refused('revoke again', client.leaseClient.leaseRevoke({ ID: id }), leaseNotFound);
}

// The library's locks do not wait.
async function lock(client) {
  const first = await client.lock('lock').acquire();
  console.log('the first contender has the lock');
  await refused('the second tries', client.lock('lock').acquire(), 'EtcdLockFailedError: Failed to acquire a lock on lock');
  const lease = await first.leaseId();
  fact("the lock is the first one's", (await client.get('lock').exec()).kvs[0].lease === lease, true);
  await first.release();
  const second = await client.lock('lock').ttl(5).acquire();
  console.log('the second has it after the release');
  await second.release();
  fact('held within its scope', await client.lock('lock').do(() => client.get('lock').exists()), true);
  fact('given up after its scope', await client.get('lock').exists(), false);
}

async function election(client) {
  const contest = client.election('interop', 10);
  fact('leader before anyone campaigns', await contest.leader(), undefined);
  const first = await contest.campaign('one').wait();
  fact('the first leads', await contest.leader(), 'one');
  const observer = await contest.observe();
  fact('observed', observer.leader(), 'one');
  const change = () => once(observer, 'change').then(([value]) => value);
  let next = change();
  await first.proclaim('one again');
  fact('observed after a proclamation', await next, 'one again');

  let elected = false;
  const second = contest.campaign('two');
  const won = second.wait().then(() => (elected = true));
  await once(second, '_isWaiting');
  fact('the second waits', [elected, await contest.leader()], [false, 'one again']);
  next = change();
  await first.resign();
  await won;
  fact('the second leads after the resignation', await contest.leader(), 'two');
  fact('observed after the resignation', await next, 'two');
  await observer.cancel();
  await second.resign();
  fact('keys left over', await client.getAll().prefix('election/').count(), 0);
}

async function auth(client) {
  await refused('enabling without a root user', client.auth.authEnable(),
    'GRPCFailedPreconditionError: 9 FAILED_PRECONDITION: etcdserver: root user does not exist');
  const [rootUser, aliceUser] = [client.user('root'), client.user('alice')];
  const [rootRole, writer] = [client.role('root'), client.role('writer')];
  await rootUser.create('root secret');
  await rootRole.create();
  await rootUser.addRole(rootRole);
  await aliceUser.create('alice secret');
  await refused('adding a user twice', aliceUser.create('again'),
    'EtcdUserExistsError: 9 FAILED_PRECONDITION: etcdserver: user name already exists');
  await writer.create();
  await writer.grant({ permission: 'Readwrite', range: client.range({ prefix: 'auth/open/' }) });
  await aliceUser.addRole(writer);
  fact('roles of the user', (await aliceUser.roles()).map(role => role.name), ['writer']);
  fact('permissions of the role', (await writer.permissions()).map(grant => grant.permission), ['Readwrite']);
  fact('users', (await client.getUsers()).map(user => user.name), ['alice', 'root']);
  await client.auth.authEnable();

  await refused('nobody reads', client.get('auth/open/a').exec(),
    'GRPCInvalidArgumentError: 3 INVALID_ARGUMENT: etcdserver: user name is empty');
  const failed =
    'EtcdAuthenticationFailedError: 3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password';
  await refused('wrong password', connect('alice', 'wrong').get('auth/open/a').exec(), failed);
  await refused('unknown user', connect('nobody', 'wrong').get('auth/open/a').exec(), failed);
  const [root, alice] = [connect('root', 'root secret'), connect('alice', 'alice secret')];
  await alice.put('auth/open/a').value('1');
  fact('the user writes and reads what it may', await alice.get('auth/open/a').string(), '1');
  const denied = 'EtcdPermissionDeniedError: 7 PERMISSION_DENIED: etcdserver: permission denied';
  await refused('the user writes what it may not', alice.put('auth/closed').value('1').exec(), denied);
  await refused('the user reads more than it may', alice.getAll().prefix('auth/').exec(), denied);
  await refused('the user adds users', alice.user('mallory').create('x'), denied);
  await root.put('auth/closed').value('1');
  fact('root may everything', (await root.delete().key('auth/closed').exec()).deleted, '1');
  await root.auth.authDisable();
  fact('everybody reads when it is off again', await client.get('auth/open/a').string(), '1');

  await client.delete().prefix('auth/');
  for (const owned of [aliceUser, rootUser, writer, rootRole]) {
    await owned.delete();
  }
  root.close();
  alice.close();
}

async function tls(client) {
  await client.put('tls/key').value('encrypted');
  fact('value read', await client.get('tls/key').string(), 'encrypted');
}

const names = found => found.map(kv => kv.key.toString());

/** Gathers what a watcher delivers, as text. */
function collect(watcher) {
  const lines = [];
  for (const kind of ['put', 'delete']) {
    watcher.on(kind, (kv, previous) =>
      lines.push(`${kind} ${kv.key}=${kv.value}${previous ? ` after ${previous.value}` : ''}`));
  }
  return { watcher, lines };
}

/** Prints the next events of a watcher, which must be these and in this order. */
async function expect(what, { watcher, lines }, want) {
  while (lines.length < want.length) {
    await once(watcher, 'data');
  }
  fact(what, lines.splice(0, want.length).join(', '), want.join(', '));
}

/** Prints what was found, and ends the program when it is not what was expected. */
function fact(what, got, want) {
  if (!isDeepStrictEqual(got, want)) {
    fail(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
  }
  console.log(`${what}: ${typeof got === 'string' ? got : JSON.stringify(got) ?? 'none'}`);
}

/** Prints the error of a request that must fail with it. */
async function refused(what, request, want) {
  const error = await request.then(() => fail(`${what}: was not refused`), thrown => thrown);
  fact(what, `${error.constructor.name}: ${error.message}`, want);
}

function fail(message) {
  console.error(`node: ${message}`);
  process.exit(1);
}

const sections = { kv, txn, watch, lease, lock, election, auth, tls, soak };

async function main(section) {
  const client = connect();
  await sections[section](client, fail);
  client.close();
  console.log('done');
  process.exit(0);
}

if (!sections[process.argv[2]] || process.argv.length !== 3) {
  fail(`usage: node ${Object.keys(sections).join('|')}`);
}
setTimeout(fail, process.argv[2] === 'soak' ? SOAK_LIMIT_MS : TIME_LIMIT_MS, 'took too long').unref();
main(process.argv[2]).catch(error => fail(`${error.constructor.name}: ${error.message}`));
