// Command run keeps a PostgreSQL and three Kafka brokers running, for a person who
// tries Kith with them, until it is interrupted. scripts/servers.sh run starts it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/kithdata/kith/internal/servers"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run keeps the servers' files in the folder that the first argument names, which must not hold
// any yet, or in a temporary one that it removes.
func run() (err error) {
	ctx, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	var dir string
	if len(os.Args) > 1 {
		dir = os.Args[1]
	} else {
		if dir, err = os.MkdirTemp("", "kith-servers-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	p, err := servers.StartPostgres(ctx, dir, servers.PostgresOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	k, err := servers.StartKafka(ctx, dir, servers.KafkaOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.Stop()) }()
	fmt.Printf("postgres  %s\nkafka     %s\nfiles     %s\nCtrl-C ends them.\n", p.DSN("postgres"), strings.Join(k.Bootstrap(), ","), dir)
	<-ctx.Done()
	return nil
}
