package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func watching(ctx context.Context, client *clientv3.Client) {
	prefix, previous := clientv3.WithPrefix(), clientv3.WithPrevKV()
	live := client.Watch(ctx, "watch/", prefix, previous, clientv3.WithCreatedNotify())
	fact("the watch says that it is created", (<-live).Created, true)
	start := must(client.Put(ctx, "watch/a", "1")).Header.Revision
	must(client.Put(ctx, "watch/a", "2"))
	must(client.Put(ctx, "unwatched", "x"))
	must(client.Put(ctx, "watch/b", "1"))
	must(client.Delete(ctx, "watch/a"))
	must(client.Delete(ctx, "unwatched"))
	want := []string{"PUT watch/a=1", "PUT watch/a=2 after 1", "PUT watch/b=1", "DELETE watch/a= after 2"}
	expect("live", live, want)
	expect("from an old revision", client.Watch(ctx, "watch/", prefix, previous, clientv3.WithRev(start)), want)
	from := clientv3.WithRev(start)
	expect("without puts", client.Watch(ctx, "watch/", prefix, from, clientv3.WithFilterPut()), []string{"DELETE watch/a="})
	expect("without deletes", client.Watch(ctx, "watch/", prefix, from, clientv3.WithFilterDelete()),
		[]string{"PUT watch/a=1", "PUT watch/a=2", "PUT watch/b=1"})

	ended, end := context.WithCancel(ctx)
	cancelled := client.Watch(ended, "watch/", prefix)
	end()
	for range cancelled {
	}
	fmt.Println("a cancelled watch ends")

	check(client.RequestProgress(ctx))
	progress := <-live
	current := must(client.Get(ctx, "watch/", prefix)).Header.Revision
	fact("progress on request", fmt.Sprint(progress.IsProgressNotify(), progress.Header.Revision == current), "true true")

	must(client.Compact(ctx, current))
	refusal := <-client.Watch(ctx, "watch/", prefix, from)
	refused("compacted start revision", refusal.Err(), rpctypes.ErrCompacted)
	fact("compacted start revision names the compact revision", refusal.CompactRevision == current, true)

	fmt.Println("cut me")
	if !bufio.NewScanner(os.Stdin).Scan() {
		fail("nobody said that the connections are cut")
	}
	// Reads are repeated by the library; when one is answered there is a connection again.
	must(client.Get(ctx, "watch/"))
	must(client.Put(ctx, "watch/c", "1"))
	must(client.Put(ctx, "watch/c", "2"))
	must(client.Delete(ctx, "watch/", prefix))
	expect("after a reconnect", live, []string{"PUT watch/c=1", "PUT watch/c=2 after 1", "DELETE watch/b= after 1", "DELETE watch/c= after 2"})
}

// expect prints the next events of a watch, which must be these and in this order.
func expect(what string, events clientv3.WatchChan, want []string) {
	var got []string
	for len(got) < len(want) {
		response, open := <-events
		if !open || response.Err() != nil {
			fail("%s: the watch ended after %v: %v", what, got, response.Err())
		}
		for _, event := range response.Events {
			line := fmt.Sprintf("%s %s=%s", event.Type, event.Kv.Key, event.Kv.Value)
			if event.PrevKv != nil {
				line += fmt.Sprintf(" after %s", event.PrevKv.Value)
			}
			got = append(got, line)
		}
	}
	fact(what, strings.Join(got, ", "), strings.Join(want, ", "))
}
