package audit

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// childDir names the chain that a test binary started as a child writes to.
const childDir = "KITH_AUDIT_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child writes durable entries for ever, with others between, and prints a line for
// each that Record acknowledged.
func child(dir string) int {
	l, err := Open(ctx, Config{Dir: dir}, Deps{Clock: when, Key: key})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for i := 0; ; i++ {
		for range 3 {
			if err := l.Record(ctx, entry(i), false); err != nil {
				return 1
			}
		}
		if err := l.Record(ctx, Entry{Principal: "k1", Action: "sql", What: "select", Outcome: "ok"}, true); err != nil {
			return 1
		}
		fmt.Println("acknowledged")
	}
}

// TestKill kills a writing process, again and again on one chain: no acknowledged
// entry is lost, and the chain stays sound (I7).
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acknowledged := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 5 + 13*round {
			if !lines.Scan() {
				t.Fatal("the child ended by itself")
			}
			acknowledged++
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			acknowledged++
		}
		_ = cmd.Wait() // it was killed: that is the point
		r, err := Verify(dir)
		if err != nil || !r.Sound() {
			t.Fatalf("round %d: %+v, %v", round, r, err)
		}
		if durable := countDurable(t, dir); durable < acknowledged {
			t.Fatalf("round %d: %d durable entries are there, %d were acknowledged", round, durable, acknowledged)
		}
	}
}

func countDurable(t *testing.T, dir string) (n int) {
	t.Helper()
	names, err := segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		_, err := readFile(dir+"/"+name, func(_ int, l *line) {
			if l.Action == "sql" {
				n++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}
