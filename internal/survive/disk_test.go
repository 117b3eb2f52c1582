//go:build integration

package survive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/demo"
)

// disk is a small disk of its own below a project's data folder.
type disk struct {
	t    *testing.T
	path string
}

// mountDisk gives the project a disk of so many MiB for its data. It needs the right to
// mount: set KITH_NO_MOUNT=1 to go without these tests where that cannot be had.
func (p *project) mountDisk(mib int) *disk {
	p.t.Helper()
	if os.Getenv("KITH_NO_MOUNT") != "" {
		p.t.Skip("KITH_NO_MOUNT is set: full and read-only disks are not tried")
	}
	d := &disk{t: p.t, path: p.data()}
	if err := os.MkdirAll(d.path, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", d.path, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		p.t.Fatalf("a small disk cannot be mounted: %v; run as root, or set KITH_NO_MOUNT=1", err)
	}
	p.t.Cleanup(func() {
		p.kill()
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			p.t.Error(err)
		}
	})
	return d
}

// free is the room that is left, in bytes.
func (d *disk) free() int64 {
	d.t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.path, &s); err != nil {
		d.t.Fatal(err)
	}
	return int64(s.Bavail) * s.Bsize
}

// fill leaves at most left bytes of room, though others write meanwhile.
func (d *disk) fill(left int64) {
	d.t.Helper()
	f, err := os.OpenFile(d.path+"/ballast", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for room := d.free(); room > left; room = d.free() {
		if _, err := f.Write(block[:min(room-left, 1<<20)]); err != nil && !errors.Is(err, syscall.ENOSPC) {
			d.t.Fatal(err)
		}
	}
}

// relieve makes room again.
func (d *disk) relieve() {
	d.t.Helper()
	if err := os.Remove(d.path + "/ballast"); err != nil {
		d.t.Fatal(err)
	}
}

// TestReserve: with less room than the reserve everything that would write is told no,
// what is stored can be read, and with room again it all goes on by itself (I1, I2).
func TestReserve(t *testing.T) {
	const reserve = 64 << 20
	s := newShop(t, slowPeople, 3, 50, replaceOnce(t, fmt.Sprintf(shopFile, 100, 500, ""), "reserve: 1MiB", "reserve: 64MiB"))
	d := s.mountDisk(640 + slowPeople/4) // the long form writes more
	s.start()
	pid := s.pid
	c := &sender{s: s}
	batches := split(t, s.batches, 10)
	half := len(batches) / 2
	s.deliver(len(s.files) / 2)
	if rest := c.send(batches[:half], nil); len(rest) > 0 {
		t.Fatal("the first half was not taken")
	}
	d.fill(reserve / 2)
	s.poll("writes are refused", 10*time.Second, func() error {
		a, err := s.ask(http.MethodPost, "/v1/batch", batches[0].Body) // known messages: no double effect if it is taken
		if err == nil && a.status == http.StatusOK {
			return errors.New("still taken")
		}
		return err
	})
	// From here on nothing can be acknowledged: the disk stays as full as it is.
	before := c.acked.Load()
	stop := make(chan struct{})
	sent := make(chan int, 1)
	go func() { sent <- len(c.send(batches[half:], stop)) }()
	s.deliver(len(s.files))
	for range 50 {
		s.refused(hostile{"while the disk is full", http.MethodPost, "/v1/batch", batches[0].Body, nil, http.StatusServiceUnavailable, "disk_full"})
	}
	decision := []byte(`{"action":"merge","a":[{"identifier":{"type":"email","value":"a@example.com"}}],"b":[{"identifier":{"type":"email","value":"b@example.com"}}]}`)
	s.refused(hostile{"a decision while the disk is full", http.MethodPost, "/api/decisions", decision, []string{"Authorization", "Bearer " + s.key}, http.StatusServiceUnavailable, "disk_full"})
	if _, err := s.status(); err != nil {
		t.Errorf("the status cannot be read while the disk is full: %v", err)
	}
	s.sql("select count(*) from dim_customer")
	if n := c.acked.Load(); n != before {
		t.Errorf("%d batches were acknowledged while the disk was full", n-before)
	}
	d.relieve()
	if left := <-sent; left > 0 {
		t.Fatalf("%d batches were never taken", left)
	}
	s.drained(uint64(s.rows+s.events), time.Minute, append(fileSources, "web")...)
	if s.pid != pid || !alive(pid) {
		t.Error("the server did not go on by itself")
	}
	if got := c.refusals(); !slices.Equal(got, []string{"503 disk_full"}) {
		t.Errorf("senders were refused with %v", got)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	s.verify()
}

// TestNoRoomAtAll: without a reserve to speak of, writes to the log, the state and the
// warehouse fail. The server may end and be started anew by its supervisor; nothing
// acknowledged is lost, and with room again it goes on by itself.
func TestNoRoomAtAll(t *testing.T) {
	s := newShop(t, slowPeople, 4, 50, replaceOnce(t, fmt.Sprintf(shopFile, 50, 200, ""), "reserve: 1MiB", "reserve: 4KiB"))
	d := s.mountDisk(1024)
	s.start()
	pid, restarts := s.pid, 0
	c := &sender{s: s}
	if left := c.send(s.batches, nil); len(left) > 0 {
		t.Fatal("the web's events were not taken")
	}
	rng := rand.New(rand.NewPCG(4, 4))
	flooded := 0
	for round, left := range []int64{6 << 20, 0, 1 << 20} { // bytes of room
		s.deliver(len(s.files)/3 + 1)
		d.fill(left)
		// Logs are laid out ahead and used again: it takes some data, more in one run than in
		// another, until a write finds no room. The flood rises until it is refused.
		stop := make(chan struct{})
		sent := make(chan int, 1)
		go func() {
			events := 0
			for wave := 0; ; wave++ {
				flood := heavy(rng, round, wave, 20)
				events += len(flood) * heavyEvents
				if left := len(c.send(flood, nil)); left > 0 {
					t.Errorf("%d batches were never taken", left)
				}
				select {
				case <-stop:
					sent <- events
					return
				default:
				}
			}
		}()
		refused := c.tries.Load() - c.acked.Load()
		s.poll("writes fail", time.Minute, func() error {
			if c.tries.Load()-c.acked.Load() < refused+20 {
				return fmt.Errorf("%d batches acknowledged in %d tries", c.acked.Load(), c.tries.Load())
			}
			return nil
		})
		close(stop)
		d.relieve()
		s.poll("the server goes on by itself", time.Minute, func() error {
			select {
			case <-s.ended:
				t.Fatalf("kith run ended: %v", s.cmd.ProcessState)
			default:
			}
			return s.find()
		})
		flooded += <-sent
		if s.pid != pid {
			pid, restarts = s.pid, restarts+1
		}
	}
	s.deliver(len(s.files))
	s.drained(uint64(s.rows+s.events+flooded), 2*time.Minute, append(fileSources, "web")...)
	t.Logf("%d batches acknowledged in %d tries; %d restarts; refusals %v", c.acked.Load(), c.tries.Load(), restarts, c.refusals())
	if code := s.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	s.verify()
}

// heavyEvents is how many events of 4 KiB a heavy batch has.
const heavyEvents = 100

// heavy makes batches of events with names of their own and text that does not shrink.
func heavy(rng *rand.Rand, round, wave, n int) (batches []demo.WebBatch) {
	text := make([]byte, 2<<10)
	for b := range n {
		var events []string
		for e := range heavyEvents {
			for i := range text {
				text[i] = byte(rng.Uint32())
			}
			events = append(events, fmt.Sprintf(`{"type":"track","event":"heavy","messageId":"heavy-%d-%d-%d-%d","anonymousId":"a-%d","properties":{"text":"%x"}}`, round, wave, b, e, e, text))
		}
		batches = append(batches, demo.WebBatch{Body: webBatch(events...), Events: heavyEvents})
	}
	return batches
}

// TestStartedOnFullDisk: a server that is started while the disk is full reads all the
// same, or waits; it serves once there is room, without being started again.
func TestStartedOnFullDisk(t *testing.T) {
	s := newShop(t, killPeople, 5, 50, replaceOnce(t, fmt.Sprintf(shopFile, 50, 200, ""), "reserve: 1MiB", "reserve: 64MiB"))
	d := s.mountDisk(640 + slowPeople/4) // the long form writes more
	s.start()
	c := &sender{s: s}
	s.deliver(len(s.files))
	if left := c.send(s.batches, nil); len(left) > 0 {
		t.Fatal("the web's events were not taken")
	}
	s.kill()
	d.fill(32 << 20) // less than the reserve
	s.start()
	d.fill(32 << 20) // what opening has freed
	s.sql("select count(*) from dim_customer")
	s.poll("writes are refused", 10*time.Second, func() error {
		a, err := s.ask(http.MethodPost, "/v1/batch", s.batches[0].Body)
		if err == nil && a.code != "disk_full" {
			err = fmt.Errorf("answered %s", a)
		}
		return err
	})
	s.kill()
	d.fill(0) // not even room for its address
	s.launch()
	s.poll("it says that the disk is full", time.Minute, func() error {
		select {
		case <-s.ended:
			t.Fatalf("kith run gave up: %v", s.cmd.ProcessState)
		default:
		}
		if said := s.said(); strings.Count(said, "no space left") < 4 && strings.Count(said, "starting again") < 2 {
			return errors.New("it says nothing")
		}
		return nil
	})
	d.relieve()
	s.answer()
	s.drained(uint64(s.rows+s.events), time.Minute, append(fileSources, "web")...)
	if n := strings.Count(s.said(), "\n"); n > 300 {
		t.Errorf("a full disk made %d lines of log", n)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	s.verify()
}

// TestReadOnly: a data folder on a disk that is mounted read-only, empty or not, is told
// with a code and an end other than 0, and is none the worse for it.
func TestReadOnly(t *testing.T) {
	p := newProject(t, replaceOnce(t, badFile, "name: hostile", "name: readonly"))
	d := p.mountDisk(640)
	refused := func(what string) {
		t.Helper()
		p.launch()
		select {
		case <-p.ended:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: kith run does not end", what)
		}
		code, said := p.cmd.ProcessState.ExitCode(), p.said()
		p.gone()
		if err := os.Remove(p.stderr); err != nil {
			t.Fatal(err)
		}
		if code == 0 || !containsAny(said, "[data_read_only]", "[data_folder]") || !containsAny(said, "right to write") {
			t.Errorf("%s: kith run ended with code %d and said %s", what, code, said)
		}
	}
	remount := func(flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", d.path, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(syscall.MS_RDONLY)
	refused("an empty folder")
	remount(0)
	p.start()
	if code := p.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	if err := os.Remove(p.stderr); err != nil {
		t.Fatal(err)
	}
	remount(syscall.MS_RDONLY)
	refused("a folder with data")
	remount(0)
	p.start()
}
