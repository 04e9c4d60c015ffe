package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

const (
	soakPrefix   = "soak/go-client/"
	soakKeys     = 20
	leaseSeconds = 20
	// Between two requests of one kind.
	pause = 20 * time.Millisecond
	// How long an answer may take.
	patience = 5 * time.Second
)

// soak writes, watches, keeps a lease alive and competes for a lock until standard input ends, and says what it was answered. The
// server is killed meanwhile: what fails is tried again, where the library does not do so itself.
func soak(ctx context.Context, client *clientv3.Client) {
	go write(ctx, client)
	go follow(ctx, client)
	go keep(ctx, client)
	go contend(ctx, client, "a")
	go contend(ctx, client, "b")
	io.Copy(io.Discard, os.Stdin)
	fmt.Println("done")
	// Whoever is in the middle of something is not to complain.
	os.Exit(0)
}

func write(ctx context.Context, client *clientv3.Client) {
	for number := 0; ; number++ {
		key := fmt.Sprint(soakPrefix, number%soakKeys)
		limited, cancel := context.WithTimeout(ctx, patience)
		answer, err := client.Put(limited, key, fmt.Sprint(number))
		cancel()
		if !failed(err) {
			fmt.Println("put", key, number, answer.Header.Revision)
		}
		time.Sleep(pause)
	}
}

// follow leaves it to the library to watch again.
func follow(ctx context.Context, client *clientv3.Client) {
	for response := range client.Watch(ctx, soakPrefix, clientv3.WithPrefix(), clientv3.WithRev(1)) {
		check(response.Err())
		for _, event := range response.Events {
			fmt.Println("saw", string(event.Kv.Key), string(event.Kv.Value), event.Kv.ModRevision)
		}
	}
	fail("the watch ended")
}

func keep(ctx context.Context, client *clientv3.Client) {
	for {
		lease, err := client.Grant(ctx, leaseSeconds)
		if failed(err) {
			continue
		}
		for range must(client.KeepAlive(ctx, lease.ID)) {
			fmt.Println("kept")
		}
		fmt.Println("lost")
	}
}

func contend(ctx context.Context, client *clientv3.Client, who string) {
	for {
		session, err := concurrency.NewSession(client, concurrency.WithTTL(leaseSeconds))
		if failed(err) {
			continue
		}
		mutex := concurrency.NewMutex(session, "soak-lock/go-client")
		for alive(session) {
			if failed(mutex.Lock(ctx)) {
				continue
			}
			fmt.Println("locked", who)
			_, err := client.Get(ctx, mutex.Key())
			failed(err)
			fmt.Println("unlocking", who)
			for alive(session) && failed(mutex.Unlock(ctx)) {
			}
			time.Sleep(pause)
		}
	}
}

func alive(session *concurrency.Session) bool {
	select {
	case <-session.Done():
		return false
	default:
		return true
	}
}

// failed says so, and gives the server time to come back.
func failed(err error) bool {
	if err != nil {
		fmt.Println("trouble", err)
		time.Sleep(pause)
	}
	return err != nil
}
