package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// headVersion is the first byte of a stored head (I8).
const headVersion = 1

// keepEvery is how often the chain's head is kept outside of its folder.
const keepEvery = time.Second

// keptHead is the head of a chain as it is kept in a record.Store.
type keptHead struct {
	segment int
	head    head
}

func encodeHead(k keptHead) []byte {
	var e wire.Encoder
	e.Byte(headVersion)
	e.Uint(uint64(k.segment))
	e.Uint(k.head.n)
	e.String(k.head.hash)
	return e.B
}

func decodeHead(b []byte) (keptHead, error) {
	d := wire.NewDecoder(b)
	if v := d.Byte(); d.Err() == nil && v != headVersion {
		return keptHead{}, errs.New("audit_format", "a stored audit head has a format this version cannot read").Fix("open this data folder with the version that wrote it, or a later one")
	}
	k := keptHead{segment: int(d.Uint()), head: head{n: d.Uint(), hash: d.String()}}
	if err := d.Finish(); err != nil {
		return keptHead{}, errs.Wrap("audit_format", "reading a stored audit head", err)
	}
	return k, nil
}

// keeper keeps the newest durable head in a store. It only ever lags behind the
// files, so a chain that ends before the kept head was cut.
type keeper struct {
	store record.Store
	name  string // of the document: one for each chain
	mu    sync.Mutex
	now   keptHead
	saved head
}

func (k *keeper) init(store record.Store, chain string) { k.store, k.name = store, "audit/"+chain }

func (k *keeper) set(h keptHead) {
	k.mu.Lock()
	k.now = h
	k.mu.Unlock()
}

func (k *keeper) run(stop <-chan struct{}, log *slog.Logger) {
	if k.store == nil {
		return
	}
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			k.save(context.Background(), log)
		}
	}
}

func (k *keeper) save(ctx context.Context, log *slog.Logger) {
	k.mu.Lock()
	h, saved := k.now, k.saved
	k.mu.Unlock()
	if k.store == nil || h.head == saved {
		return
	}
	if err := k.store.Save(ctx, map[string][]byte{k.name: encodeHead(h)}); err != nil {
		log.Warn("the head of the audit chain could not be kept; it is tried again", "error", err)
		return
	}
	k.mu.Lock()
	k.saved = h.head
	k.mu.Unlock()
}

// load gives the kept head, zero where there is none.
func (k *keeper) load(ctx context.Context) (keptHead, error) {
	if k.store == nil {
		return keptHead{}, nil
	}
	b, err := k.store.Load(ctx, k.name)
	if err != nil || b == nil {
		return keptHead{}, err
	}
	return decodeHead(b)
}
