//go:build integration

package servers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kithdata/kith/internal/servers"
)

// TestServersEndWithTheirProcess kills a process that started servers: they are gone too.
func TestServersEndWithTheirProcess(t *testing.T) {
	cmd := osexec.CommandContext(bounded(t), os.Args[0], "-test.run=^TestStartAndHang$")
	cmd.Env = append(os.Environ(), "KITH_TEST_DIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addresses []string
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &addresses)
	}
	if err != nil || len(addresses) != 2 {
		t.Fatalf("it said %q: %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // by the signal
	for _, at := range addresses {
		for ctx := bounded(t); ; {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", at)
			if ctx.Err() != nil {
				t.Fatalf("%s is still there", at)
			}
			if err != nil {
				break
			}
			conn.Close()
		}
	}
}

// TestStartAndHang is the process that TestServersEndWithTheirProcess kills.
func TestStartAndHang(t *testing.T) {
	dir := os.Getenv("KITH_TEST_DIR")
	if dir == "" {
		return
	}
	p, err := servers.StartPostgres(t.Context(), dir, servers.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	k, err := servers.StartKafka(t.Context(), dir, servers.KafkaOptions{Brokers: 1})
	if err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(append(k.Bootstrap(), p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s\n", line)
	<-t.Context().Done()
}

// TestFailedStartsSayWhy: the error shows what the server wrote, or what is to be done.
func TestFailedStartsSayWhy(t *testing.T) {
	_, err := servers.StartPostgres(bounded(t), t.TempDir(), servers.PostgresOptions{Settings: map[string]string{"work_mem": "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("PostgreSQL with a bad setting: %v", err)
	}
	_, err = servers.StartKafka(bounded(t), t.TempDir(), servers.KafkaOptions{Brokers: 1, Settings: map[string]string{"num.io.threads": "0"}})
	if err == nil || !strings.Contains(err.Error(), "Invalid value 0 for configuration num.io.threads") {
		t.Errorf("Kafka with a bad setting: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := servers.StartKafka(canceled, t.TempDir(), servers.KafkaOptions{Brokers: 1}); err == nil {
		t.Error("Kafka started though nobody waits")
	}
	t.Setenv("KITH_SERVERS_DIR", t.TempDir())
	_, err = servers.StartKafka(bounded(t), t.TempDir(), servers.KafkaOptions{})
	if err == nil || !strings.Contains(err.Error(), "run scripts/servers.sh install") {
		t.Errorf("Kafka that is not there: %v", err)
	}
}

// TestOneFullDisk: a broker whose disk is full ends, and the others acknowledge without it.
func TestOneFullDisk(t *testing.T) {
	asRoot(t)
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=32m"); err != nil {
		t.Fatalf("a small disk cannot be mounted: %v; run as root, or set KITH_NO_MOUNT=1", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	k := startKafka(t, servers.KafkaOptions{Disks: []string{"", disk}})
	c := client(t, k.Bootstrap(), kgo.ProducerBatchCompression(kgo.NoCompression()))
	createTopic(t, c, "t")
	begun := time.Now()
	value := []byte(strings.Repeat("x", 512<<10))
	const n = 100 // 50 MiB over all partitions, each on every broker
	for i := range n {
		if err := c.ProduceSync(bounded(t), &kgo.Record{Topic: "t", Partition: int32(i % 3), Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("taken within %v", time.Since(begun).Round(time.Millisecond))
	select {
	case <-k.Ended(1):
	case <-bounded(t).Done():
		t.Fatal("broker 1 goes on with a full disk")
	}
	if err := k.StartBroker(bounded(t), 1); err == nil {
		t.Error("broker 1 started on a full disk")
	}
}
