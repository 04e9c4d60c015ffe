// A client of an etcd-compatible server on etcd's own Go library. It does what users of the library do and prints one line for
// each fact it finds, so that two servers can be compared by what they make it print.
//
//	ENDPOINT=127.0.0.1:2379 go-client kv|txn|watch|lease|lock|election|auth|tls|connect|soak
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// timeLimit ends a section that waits for something that never comes.
const timeLimit = 60 * time.Second

// soakLimit is that of a section which goes on until its input ends.
const soakLimit = time.Hour

var sections = map[string]func(context.Context, *clientv3.Client){
	"kv":       keyValue,
	"txn":      transactions,
	"watch":    watching,
	"lease":    leases,
	"lock":     locks,
	"election": elections,
	"auth":     authentication,
	"tls":      putAndGet,
	"connect":  connectAgain,
	"soak":     soak,
}

func main() {
	if len(os.Args) != 2 || sections[os.Args[1]] == nil {
		fail("usage: go-client kv|txn|watch|lease|lock|election|auth|tls|connect|soak")
	}
	limit := timeLimit
	if os.Args[1] == "soak" {
		limit = soakLimit
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	client := must(connect(os.Getenv("ETCD_TEST_USER"), os.Getenv("ETCD_TEST_PASSWORD")))
	sections[os.Args[1]](ctx, client)
	check(client.Close())
	fmt.Println("done")
}

func connect(user, password string) (*clientv3.Client, error) {
	encrypted, err := tlsConfig(os.Getenv("CA"), os.Getenv("CERT"), os.Getenv("KEY"))
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints:   []string{os.Getenv("ENDPOINT")},
		DialTimeout: 10 * time.Second,
		TLS:         encrypted,
		Username:    user,
		Password:    password,
		// Larger than a server accepts, so that it is the server that refuses.
		MaxCallSendMsgSize: 16 << 20,
		// The library warns of every lost connection; here they are lost on purpose.
		Logger: zap.NewNop(),
	})
}

func tlsConfig(ca, cert, key string) (*tls.Config, error) {
	if ca == "" && cert == "" {
		return nil, nil
	}
	config := &tls.Config{}
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	config.MinVersion = versions[os.Getenv("TLS_VERSION")]
	config.MaxVersion = config.MinVersion
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", ca)
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func putAndGet(ctx context.Context, client *clientv3.Client) {
	seconds, err := strconv.Atoi(os.Getenv("PATIENCE_SECONDS"))
	if err != nil {
		seconds = 5
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer cancel()
	must(client.Put(ctx, "tls/key", "encrypted"))
	fact("value read", string(must(client.Get(ctx, "tls/key")).Kvs[0].Value), "encrypted")
}

// connectAgain puts over a connection of its own each time, until something is on standard input.
func connectAgain(ctx context.Context, _ *clientv3.Client) {
	ended := make(chan struct{})
	go func() {
		os.Stdin.Read(make([]byte, 1))
		close(ended)
	}()
	for {
		select {
		case <-ended:
			return
		default:
			client := must(connect("", ""))
			must(client.Put(ctx, "tls/key", "encrypted"))
			check(client.Close())
			fmt.Println("connected")
		}
	}
}

// fact prints what was found, and ends the program when it is not what was expected.
func fact(what string, got, want any) {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		fail("%s: got %v, expected %v", what, got, want)
	}
	fmt.Printf("%s: %v\n", what, got)
}

// refused prints the error of a request that must fail with it.
func refused(what string, err, want error) {
	if !errors.Is(err, want) {
		fail("%s: got error %v, expected %v", what, err, want)
	}
	fmt.Printf("%s: %v\n", what, err)
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "go-client: "+format+"\n", values...)
	os.Exit(1)
}
