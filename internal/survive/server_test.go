//go:build integration

package survive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/servers"
)

// binary is the Kith under test.
func binary(t testing.TB) string {
	t.Helper()
	bin := os.Getenv("KITH_BIN")
	if bin == "" {
		t.Fatal("KITH_BIN does not name the binary to test: run make test-integration")
	}
	return bin
}

// project is a folder with a kith.yaml, and the server that runs it, if one does.
type project struct {
	door
	t      *testing.T
	dir    string
	side   *servers.Side // of a Link, where it runs
	cmd    *exec.Cmd
	ended  chan struct{} // closed once cmd has ended
	pid    int           // of the server: the supervisor's child
	key    string
	stderr string // file that gathers what all runs wrote
}

// door is where a server answers, and who asks it.
type door struct {
	base   string
	client *http.Client
}

// newProject makes a project in a new folder. Its data folder lies in dir, or where
// the text says.
func newProject(t *testing.T, text string) *project {
	t.Helper()
	p := &project{t: t, dir: t.TempDir(), door: door{client: &http.Client{Timeout: time.Minute}}}
	p.stderr = filepath.Join(p.dir, "stderr.log")
	p.write("kith.yaml", text)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the server said:\n%s", tail(p.said(), 6000))
		}
	})
	return p
}

// replaceOnce gives text with a part of it replaced, which must be there.
func replaceOnce(t *testing.T, text, part, by string) string {
	t.Helper()
	if strings.Count(text, part) != 1 {
		t.Fatalf("the text does not hold %q once", part)
	}
	return strings.Replace(text, part, by, 1)
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

func (p *project) path(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

// write makes a file whole at once: a watching source must never see half of it.
func (p *project) write(name, text string) {
	p.t.Helper()
	path := p.path(name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(p.path("new"), []byte(text), 0o644)
	}
	if err == nil {
		err = os.Rename(p.path("new"), path)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// said is what all runs wrote to standard error.
func (p *project) said() string {
	text, err := os.ReadFile(p.stderr)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		p.t.Fatal(err)
	}
	return string(text)
}

// launch starts kith run and does not wait for it.
func (p *project) launch(args ...string) {
	p.t.Helper()
	log, err := os.OpenFile(p.stderr, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd := p.side.Command(context.Background(), binary(p.t), append([]string{"run", "--project", p.dir}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is read from its state
		close(ended)
	}()
	p.cmd, p.ended, p.pid, p.base = cmd, ended, 0, ""
}

// start starts kith run and waits until it answers.
func (p *project) start(args ...string) {
	p.t.Helper()
	p.launch(args...)
	p.answer()
}

// answer waits until the server that was launched answers.
func (p *project) answer() {
	p.t.Helper()
	p.poll("the server answers", 60*time.Second, func() error {
		select {
		case <-p.ended:
			p.t.Fatalf("kith run ended: %v", p.cmd.ProcessState)
		default:
		}
		return p.find()
	})
}

// find reads where the server of the data folder is, and asks it for its health.
func (p *project) find() error {
	if err := p.locate(); err != nil {
		return err
	}
	resp, err := p.client.Get(p.base + "/readyz")
	if err != nil {
		return errors.New("it refuses connections")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz answers %d", resp.StatusCode)
	}
	return nil
}

// locate reads where the server of the data folder is.
func (p *project) locate() error {
	l, ok := app.ReadLocal(p.data())
	if !ok || l.Address == "" || l.PID == 0 || !alive(l.PID) {
		return errors.New("it has not said where it listens")
	}
	p.base, p.key, p.pid = l.Address, l.Key, l.PID
	return nil
}

// data is the data folder: a link leads to one that lies elsewhere.
func (p *project) data() string { return p.path("data") }

// kill ends the supervisor and waits until the server is gone as well: an orphan
// would go on to hold the data folder.
func (p *project) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
	p.gone()
}

// killServer ends the server, so that its supervisor ends too.
func (p *project) killServer() {
	if l, ok := app.ReadLocal(p.data()); ok && l.PID != 0 && child(l.PID, p.cmd.Process.Pid) {
		_ = syscall.Kill(l.PID, syscall.SIGKILL)
		p.gone()
		return
	}
	p.kill() // it has not come so far yet
}

// gone waits until no process of the group is left.
func (p *project) gone() {
	p.t.Helper()
	group := p.cmd.Process.Pid
	<-p.ended
	deadline := time.Now().Add(10 * time.Second)
	for left := members(group); len(left) > 0; left = members(group) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(-group, syscall.SIGKILL)
			p.t.Errorf("processes %v are left over from kith run %d", left, group)
			break
		}
		pause()
	}
	p.cmd, p.pid = nil, 0
}

// stop asks the server to end, as Ctrl-C does, and gives the exit code.
func (p *project) stop() int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(60 * time.Second):
		p.t.Fatal("kith run does not end on SIGTERM")
	}
	code := p.cmd.ProcessState.ExitCode()
	p.gone()
	return code
}

// pause is the rhythm of polling.
func pause() { <-time.After(10 * time.Millisecond) }

// poll calls try until it gives nil, and fails the test when that takes too long.
func (p *project) poll(what string, patience time.Duration, try func() error) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("waited %s in vain until %s: %v", patience, what, err)
		}
		pause()
	}
}

// answer is an HTTP answer.
type answer struct {
	status int
	code   string // of a fault
	body   []byte
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, tail(string(a.body), 300)) }

// ask sends one request; header are name and value in turn.
func (d door) ask(method, path string, body []byte, header ...string) (a answer, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	a.status = resp.StatusCode
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	var fault struct {
		Code string `json:"code"`
	}
	if a.status >= 400 && json.Unmarshal(a.body, &fault) == nil {
		a.code = fault.Code
	}
	return a, nil
}

// api calls the administrative API and reads the answer into out.
func (p *project) api(method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	a, err := p.ask(method, path, body, "Authorization", "Bearer "+p.key, "Content-Type", "application/json")
	if err != nil {
		return err
	}
	if a.status >= 300 {
		return fmt.Errorf("%s %s answered %s", method, path, a)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(a.body, out)
}

// must is api that has to succeed.
func (p *project) must(method, path string, in, out any) {
	p.t.Helper()
	if err := p.api(method, path, in, out); err != nil {
		p.t.Fatal(err)
	}
}

type status struct {
	Accepted  uint64 `json:"accepted"`
	Lag       uint64 `json:"lag"`
	Warehouse struct {
		Behind uint64 `json:"behind"`
		Rows   uint64 `json:"rows"`
		Fault  string `json:"fault"`
	} `json:"warehouse"`
	Destinations []struct {
		Name      string `json:"name"`
		State     string `json:"state"`
		Delivered uint64 `json:"delivered"`
		Behind    uint64 `json:"behind"`
	} `json:"destinations"`
}

type ledger struct {
	Balanced bool         `json:"balanced"`
	Accepted uint64       `json:"accepted"`
	Pending  uint64       `json:"pending"`
	Lines    []ledgerLine `json:"lines"`
}

type ledgerLine struct {
	Source      string `json:"source"`
	Stream      string `json:"stream"`
	Applied     uint64 `json:"applied"`
	Superseded  uint64 `json:"superseded"`
	Duplicate   uint64 `json:"duplicate"`
	Quarantined uint64 `json:"quarantined"`
	Discarded   uint64 `json:"discarded"`
}

// effective is how many records a line has that are not second copies.
func (l ledgerLine) effective() uint64 {
	return l.Applied + l.Superseded + l.Quarantined + l.Discarded
}

// effective sums the records of a source that are not second copies.
func (l ledger) effective(sources ...string) (n uint64) {
	for _, line := range l.Lines {
		for _, s := range sources {
			if line.Source == s {
				n += line.effective()
			}
		}
	}
	return n
}

func (p *project) status() (s status, err error) {
	return s, p.api(http.MethodGet, "/api/status", nil, &s)
}

func (p *project) ledger() (l ledger, err error) {
	return l, p.api(http.MethodGet, "/api/ledger", nil, &l)
}

// drained waits until want distinct records of the sources are in the ledger, and
// road and warehouse have done all that was accepted. It gives the ledger, which must
// balance (I4).
func (p *project) drained(want uint64, patience time.Duration, sources ...string) ledger {
	p.t.Helper()
	var l ledger
	p.poll(fmt.Sprintf("%d records of %v have acted and are loaded", want, sources), patience, func() (err error) {
		if l, err = p.ledger(); err != nil {
			return err
		}
		if n := l.effective(sources...); n < want {
			return fmt.Errorf("%d of %d have acted", n, want)
		}
		return p.idle()
	})
	var err error
	if l, err = p.ledger(); err != nil {
		p.t.Fatal(err)
	}
	if n := l.effective(sources...); n != want {
		p.t.Errorf("%d records of %v acted, want %d: some had a double effect: %+v", n, sources, want, l.Lines)
	}
	if !l.Balanced || l.Pending != 0 {
		p.t.Errorf("the ledger does not balance: %+v", l)
	}
	return l
}

// idle says what the road or the warehouse has still to do.
func (p *project) idle() error {
	s, err := p.status()
	if err != nil {
		return err
	}
	if s.Lag != 0 || s.Warehouse.Behind != 0 {
		return fmt.Errorf("the road is %d records behind, the warehouse %d (%s)", s.Lag, s.Warehouse.Behind, s.Warehouse.Fault)
	}
	return nil
}

// sql asks the warehouse and gives the rows as text.
func (p *project) sql(query string) (rows [][]string) {
	p.t.Helper()
	var out struct {
		Rows [][]any `json:"rows"`
	}
	p.must(http.MethodPost, "/api/sql", map[string]any{"query": query, "max_rows": 100_000}, &out)
	for _, row := range out.Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = fmt.Sprint(v)
		}
		rows = append(rows, cells)
	}
	return rows
}
