package main

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

func locks(ctx context.Context, client *clientv3.Client) {
	ours, theirs := must(concurrency.NewSession(client)), must(concurrency.NewSession(client))
	first, second := concurrency.NewMutex(ours, "lock/a"), concurrency.NewMutex(theirs, "lock/a")
	check(first.Lock(ctx))
	fmt.Println("the first contender has the lock")
	refused("the second tries", second.TryLock(ctx), concurrency.ErrLocked)
	owned := must(client.Txn(ctx).If(first.IsOwner()).Commit())
	fact("a transaction guarded by the lock", owned.Succeeded, true)

	// The second queues up; that its key is there shows that it waits.
	taken := make(chan error, 1)
	go func() { taken <- second.Lock(ctx) }()
	for must(client.Get(ctx, "lock/a/", clientv3.WithPrefix(), clientv3.WithCountOnly())).Count < 2 {
	}
	select {
	case <-taken:
		fail("both contenders have the lock")
	default:
		fmt.Println("the second waits")
	}
	check(first.Unlock(ctx))
	check(<-taken)
	fmt.Println("the second has it after the unlock")

	// A session that ends gives up its locks.
	check(theirs.Close())
	check(first.Lock(ctx))
	fmt.Println("the first has it after the second's session")
	check(first.Unlock(ctx))
	check(ours.Close())
	fact("keys left over", must(client.Get(ctx, "lock/", clientv3.WithPrefix())).Count, 0)
}

func elections(ctx context.Context, client *clientv3.Client) {
	ours, theirs := must(concurrency.NewSession(client)), must(concurrency.NewSession(client))
	first, second := concurrency.NewElection(ours, "election/a"), concurrency.NewElection(theirs, "election/a")
	_, err := first.Leader(ctx)
	refused("leader before anyone campaigns", err, concurrency.ErrElectionNoLeader)
	check(first.Campaign(ctx, "one"))
	fact("the first leads", leader(ctx, second), "one")
	observing, stop := context.WithCancel(ctx)
	observed := second.Observe(observing)
	next := func() string { return string((<-observed).Kvs[0].Value) }
	fact("observed", next(), "one")
	check(first.Proclaim(ctx, "one again"))
	fact("observed after a proclamation", next(), "one again")

	elected := make(chan error, 1)
	go func() { elected <- second.Campaign(ctx, "two") }()
	for must(client.Get(ctx, "election/a/", clientv3.WithPrefix(), clientv3.WithCountOnly())).Count < 2 {
	}
	select {
	case <-elected:
		fail("there are two leaders")
	default:
		fact("the first still leads", leader(ctx, second), "one again")
	}
	check(first.Resign(ctx))
	check(<-elected)
	fact("the second leads after the resignation", leader(ctx, first), "two")
	fact("observed after the resignation", next(), "two")
	stop()
	check(theirs.Close())
	check(ours.Close())
	fact("keys left over", must(client.Get(ctx, "election/", clientv3.WithPrefix())).Count, 0)
}

func leader(ctx context.Context, election *concurrency.Election) string {
	return string(must(election.Leader(ctx)).Kvs[0].Value)
}
