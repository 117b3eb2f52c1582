package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
)

const writeKey = "bench-write-key"

// peopleProject takes people from the tracking API and from a CRM's exports.
const peopleProject = `name: bench
data: ./data
sources:
  web: {type: tracking, write_keys: [bench-write-key]}
  # Watched by notice alone: polling rests after a long file, in proportion to it.
  crm: {type: file, path: "exports/crm-*.csv", watch: true, poll: 1h}
streams:
  crm.contacts:
    kind: customer
    key: contact_id
    seq: updated_at
    occurred: updated_at
    contract: contracts/crm-contacts.json
    identifiers: {email: email, phone: mobile}
    attributes:
      first_name: {from: first, clean: [trim, name]}
      last_name:  {from: last, clean: [trim, name]}
      email:      {from: email, clean: [email]}
      phone:      {from: mobile, clean: [{phone: {region: GB}}]}
      town:       {from: town, clean: [trim]}
identity:
  identifiers:
    - {type: user_id, max_per_profile: 1}
    - {type: email, max_per_profile: 5, max_neighbours: 20}
    - {type: phone, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 5}
golden: {"*": most_recent}
warehouse: {type: duckdb}
server: {listen: "127.0.0.1:0"}
`

// identifyItem tells of a person that the mould numbers; trackItem of what one did.
const (
	identifyItem = `{"type":"identify","messageId":"m-############","userId":"u-$$$$$$$$","timestamp":"2024-03-01T08:00:00Z",` +
		`"traits":{"email":"p$$$$$$$$@example.com","firstName":"Ada","lastName":"Marsh","plan":"member","visits":1############}}`
	trackItem = `{"type":"track","event":"Product Viewed","messageId":"m-############","anonymousId":"web-$$$$$$$$","userId":"u-$$$$$$$$",` +
		`"timestamp":"2024-03-01T08:00:00Z","properties":{"product":"Brass lamp","price":42.5,"path":"/lighting/brass"}}`
)

// folder makes a new folder for a project or a raw store.
func (b *bench) folder(name string) (string, error) {
	b.next++
	dir := filepath.Join(b.root, fmt.Sprintf("%03d-%s", b.next, name))
	return dir, os.MkdirAll(dir, 0o755)
}

// project writes a project into a new folder.
func (b *bench) project(name, text string) (dir string, err error) {
	if dir, err = b.folder(name); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o644)
}

// running is a project that runs in this process, as under kith run.
type running struct {
	*app.App
	tree    *config.Tree
	address string // host:port
	key     string // an admin's
	ctx     context.Context
	stop    func() error
}

// open opens the project in dir.
func (b *bench) open(ctx context.Context, dir string) (*app.App, *config.Tree, error) {
	tree, err := config.Load(dir, func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, nil, err
	}
	a, err := app.Open(ctx, tree, app.Options{Version: b.Version,
		Logger: slog.New(slog.NewTextHandler(b.Err, &slog.HandlerOptions{Level: slog.LevelError}))})
	return a, tree, err
}

// start runs the project in dir until stop. Its context ends when the project does.
func (b *bench) start(ctx context.Context, dir string) (*running, error) {
	a, tree, err := b.open(ctx, dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &running{App: a, tree: tree, ctx: ctx}
	ended := make(chan struct{})
	var fault error
	go func() {
		defer close(ended)
		fault = a.Run(ctx)
		cancel(errors.Join(errors.New("the project ended"), fault))
	}()
	r.stop = sync.OnceValue(func() error {
		cancel(nil)
		<-ended
		return errors.Join(fault, a.Close())
	})
	select {
	case <-a.Listening():
	case <-ended:
		return nil, errors.Join(context.Cause(ctx), r.stop())
	}
	local, ok := app.ReadLocal(tree.Data)
	if !ok {
		return nil, errors.Join(errors.New("the project did not tell its address"), r.stop())
	}
	r.address, r.key = strings.TrimPrefix(local.Address, "http://"), local.Key
	return r, r.ready()
}

// ready waits until the door takes records: until the first rules are in force.
func (r *running) ready() error {
	w, err := dial(r.ctx, r.address)
	if err != nil {
		return err
	}
	defer w.close()
	for {
		if err := w.do(request("GET", "/readyz", r.key, nil)); err != nil {
			return err
		}
		if w.status == http.StatusOK {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}

// door is the HTTP surface of a project whose road does not run: what the door alone
// can do.
func (b *bench) door(ctx context.Context) (address string, stop func() error, err error) {
	dir, err := b.project("door", peopleProject)
	if err != nil {
		return "", nil, err
	}
	r, err := b.start(ctx, dir) // the first run puts the rules in force
	if err != nil {
		return "", nil, err
	}
	if err := r.stop(); err != nil {
		return "", nil, err
	}
	a, _, err := b.open(ctx, dir)
	if err != nil {
		return "", nil, err
	}
	address, end, err := serve(ctx, a.Handler())
	return address, func() error {
		end()
		return a.Close()
	}, err
}

// serve answers with h on a free port of this machine until stop.
func serve(ctx context.Context, h http.Handler) (address string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(l) // ends with Close
	}()
	return l.Addr().String(), func() {
		_ = s.Close() // no request is under way
		<-ended
	}, nil
}
