package main

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func leases(ctx context.Context, client *clientv3.Client) {
	kept := must(client.Grant(ctx, 2))
	fact("granted time to live", kept.TTL, 2)
	must(client.Put(ctx, "lease/kept", "1", clientv3.WithLease(kept.ID)))
	must(client.Put(ctx, "lease/kept too", "1", clientv3.WithLease(kept.ID)))
	keeping, stop := context.WithCancel(ctx)
	answers := must(client.KeepAlive(keeping, kept.ID))
	for granted := time.Now(); time.Since(granted) < 4*time.Second; {
		if answer := <-answers; answer == nil {
			fail("keeping the lease alive ended")
		}
	}
	stop()
	fact("keys of a lease of 2 s kept alive for 4 s", names(must(client.Get(ctx, "lease/", clientv3.WithPrefix())).Kvs),
		"lease/kept lease/kept too")
	fact("keep alive once", must(client.KeepAliveOnce(ctx, kept.ID)).TTL, 2)

	long := must(client.Grant(ctx, 600))
	must(client.Put(ctx, "lease/long", "1", clientv3.WithLease(long.ID)))
	fact("the key names its lease", clientv3.LeaseID(must(client.Get(ctx, "lease/long")).Kvs[0].Lease) == long.ID, true)
	left := must(client.TimeToLive(ctx, long.ID, clientv3.WithAttachedKeys()))
	fact("time to live", fmt.Sprintf("granted %d, near it %v, keys %s", left.GrantedTTL, left.TTL > 500 && left.TTL <= 600, left.Keys),
		"granted 600, near it true, keys [lease/long]")
	listed := map[clientv3.LeaseID]bool{}
	for _, lease := range must(client.Leases(ctx)).Leases {
		listed[lease.ID] = true
	}
	fact("leases list", fmt.Sprint(listed[kept.ID], listed[long.ID]), "true true")

	// Nobody keeps the first lease alive any more: its keys are deleted together.
	expect("an expired lease deletes its keys", client.Watch(ctx, "lease/", clientv3.WithPrefix(), clientv3.WithFilterPut()),
		[]string{"DELETE lease/kept=", "DELETE lease/kept too="})
	fact("time to live of an expired lease", must(client.TimeToLive(ctx, kept.ID)).TTL, -1)
	_, err := client.KeepAliveOnce(ctx, kept.ID)
	refused("keep alive of an expired lease", err, rpctypes.ErrLeaseNotFound)
	_, err = client.Put(ctx, "lease/late", "1", clientv3.WithLease(kept.ID))
	refused("put with an expired lease", err, rpctypes.ErrLeaseNotFound)

	must(client.Revoke(ctx, long.ID))
	fact("revoke deletes the key", len(must(client.Get(ctx, "lease/long")).Kvs), 0)
	_, err = client.Revoke(ctx, long.ID)
	refused("revoke again", err, rpctypes.ErrLeaseNotFound)
}
