package app

import (
	"context"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

func (s swapper) SwapMoves(_ context.Context, tx engine.Tx, was, now uint32, nodes []record.NodeKey, cause record.Cause) error {
	return s.identity.SwapMoves(tx, was, now, nodes, cause.Received)
}

// lookups lets identity's readers read within a transaction, which sees what it wrote.
type lookups struct{ tx engine.Tx }

func (l lookups) Get(keys ...[]byte) ([][]byte, error) { return l.tx.Lock(keys...) }

func (lookups) Scan(_, _ []byte, _ func(key, value []byte) bool) error {
	return errs.New("scan_in_update", "look-ups by id scan nothing")
}

func resolveIn(people *identity.Stage) func(engine.Tx, uint32, record.ProfileID) (record.ProfileID, bool, error) {
	return func(tx engine.Tx, gen uint32, id record.ProfileID) (record.ProfileID, bool, error) {
		into, found, gone, err := people.ResolveID(lookups{tx}, gen, id)
		return into, found && !gone && into != id, err
	}
}

// view runs fn over a snapshot of the state, with the stages of the generation that
// is current in it: a swap comes before the snapshot or after it.
func (a *App) view(ctx context.Context, fn func(r engine.Reader, number uint32, g *generation) error) error {
	look := func() error {
		return a.engine.State.View(ctx, func(r engine.Reader) error {
			number, rules, err := pipeline.ReadGeneration(r)
			if err != nil {
				return err
			}
			g, err := a.generation(number, rules)
			if err != nil {
				return err
			}
			return fn(r, number, g)
		})
	}
	err := look()
	if errs.Is(err, pipeline.CodePinUnknown) { // swapped in by another process, just now
		if err = a.learnRules(ctx); err == nil {
			err = look()
		}
	}
	return err
}

// profiles implements api.Profiles.
type profiles struct{ a *App }

func (p profiles) Find(ctx context.Context, ids []record.Identifier) (out []record.ProfileID, err error) {
	ids = p.a.refine.cleanse.Canonical(ids)
	err = p.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		seen := make(map[record.ProfileID]bool)
		for _, id := range ids {
			profile, found, err := g.identity.Find(r, number, id)
			if err != nil {
				return err
			}
			if found && !seen[profile] {
				seen[profile] = true
				out = append(out, profile)
			}
		}
		return nil
	})
	return out, err
}

var errGone = errs.New("profile_gone", "the profile was erased, or its last record was deleted").Fix("nothing: the id is never given to anyone else")

func (p profiles) Read(ctx context.Context, id record.ProfileID, at api.AsOf) (row *record.Profile, err error) {
	err = p.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		if at != (api.AsOf{}) {
			row, err = asOf(r, id, at)
			return err
		}
		current, found, gone, err := g.identity.ResolveID(r, number, id)
		if err != nil {
			return err
		}
		if gone {
			return errGone
		}
		if found {
			row, err = golden.Now(r, number, current)
		}
		if err == nil && row == nil {
			err = unknownProfile()
		}
		return err
	})
	return row, err
}

func unknownProfile() error {
	return errs.New("profile_unknown", "no profile has this id").Fix("look the person up by an identifier with POST /api/profiles/lookup")
}

func asOf(r engine.Reader, id record.ProfileID, at api.AsOf) (row *record.Profile, err error) {
	if at.Version != 0 {
		row, err = golden.AtVersion(r, id, at.Version)
	} else {
		row, err = golden.AtTime(r, id, at.Time)
	}
	if err != nil || row != nil {
		return row, err
	}
	last, err := golden.Last(r, id)
	if err != nil {
		return nil, err
	}
	if last == nil {
		return nil, unknownProfile()
	}
	return nil, errs.New("version_unknown", "the profile has no such version, or did not exist then").Fix("list its versions with GET /api/profiles/{id}/history")
}

func (p profiles) History(ctx context.Context, id record.ProfileID, before uint64, limit int) (out []*record.Profile, err error) {
	err = p.a.engine.State.View(ctx, func(r engine.Reader) error {
		last, err := golden.Last(r, id)
		if err != nil {
			return err
		}
		if last == nil {
			return unknownProfile()
		}
		from := last.Version
		if before != 0 {
			from = min(from, before-1)
		}
		for v := from; v > 0 && len(out) < limit; v-- {
			row, err := golden.AtVersion(r, id, v)
			if err != nil || row == nil {
				return err
			}
			out = append(out, row)
		}
		return nil
	})
	return out, err
}

func (p profiles) Crosswalk(ctx context.Context, id record.ProfileID) (rows []*record.SourceCustomer, err error) {
	err = p.a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		current, found, gone, err := g.identity.ResolveID(r, number, id)
		switch {
		case err != nil:
			return err
		case gone:
			return errGone
		case !found:
			return unknownProfile()
		}
		row, err := golden.Current(r, number, current)
		if err != nil || row == nil {
			return err
		}
		rows, err = g.identity.Customers(r, number, append([]record.NodeKey{row.ID}, row.Aliases...))
		return err
	})
	return rows, err
}

func (p profiles) Wait(ctx context.Context, at record.Position) error {
	if at.Log != p.a.engine.Log.ID() || len(at.Offsets) > int(p.a.engine.Log.Partitions(engine.TopicIngest)) {
		return errs.New("bad_token", "the token belongs to another log").Fix("send the Kith-Token header of an earlier answer of this server")
	}
	return p.a.keeper.WaitDone(ctx, at)
}

// currentProfile is the row of whichever profile an id or a fact's node resolves to
// now; nil where there is none.
func (a *App) currentProfile(ctx context.Context, id record.ProfileID) (row *record.Profile, err error) {
	err = a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		current, found, gone, err := g.identity.ResolveID(r, number, id)
		if err != nil || !found || gone {
			return err
		}
		row, err = golden.Now(r, number, current)
		return err
	})
	return row, err
}

// ProfileOf gives the profile of a source customer; ok is false where it has none.
func (a *App) ProfileOf(ctx context.Context, source, stream, key string) (id record.ProfileID, ok bool, err error) {
	err = a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		var gone bool
		id, ok, gone, err = g.identity.ResolveID(r, number, a.hasher.Customer(source, stream, key))
		ok = ok && !gone
		return err
	})
	return id, ok, err
}

// profileOf finds whom a record belongs to: its source customer, or its strongest
// identifier that is somebody's.
func (a *App) profileOf(ctx context.Context, rec *record.Record) (id record.ProfileID, found bool, err error) {
	read, err := a.readAgain(ctx, rec)
	if err != nil {
		return id, false, err
	}
	err = a.view(ctx, func(r engine.Reader, number uint32, g *generation) error {
		if rec.Kind == record.Customer {
			var gone bool
			id, found, gone, err = g.identity.ResolveID(r, number, a.hasher.Customer(read.Source, read.Stream, read.Key))
			found = found && !gone
			return err
		}
		for _, identifier := range g.identity.Strongest(read.Identifiers) {
			if id, found, err = g.identity.Find(r, number, identifier); err != nil || found {
				return err
			}
		}
		return nil
	})
	return id, found, err
}

// readAgain reads a record that acted as the road did: under its own pin or, where it
// was set aside under that, under the rules in force, by which a replay let it act.
func (a *App) readAgain(ctx context.Context, rec *record.Record) (*record.Record, error) {
	latest, _ := a.rules.last()
	var read *record.Record
	for _, pin := range []uint32{rec.Pin, latest} {
		again := rec.Clone()
		again.Pin = pin
		if err := a.refine.contract.Map(pin, &again); err != nil {
			return nil, err
		}
		b := record.Batch{Partition: rec.Partition, From: rec.Offset, To: rec.Offset + 1, Records: []record.Record{again}}
		for _, stage := range []pipeline.Refiner{a.refine.contract, a.refine.cleanse, a.refine.quality} {
			if err := stage.Refine(ctx, &b); err != nil {
				return nil, err
			}
		}
		if read = &b.Records[0]; read.Verdict.Keep() {
			break
		}
	}
	return read, nil
}

const resyncPage = 500

// everyProfile calls send with the current row of every profile, page by page, so
// that no snapshot is held while a destination is slow.
func (a *App) everyProfile(ctx context.Context, send func(context.Context, *record.Profile) error) error {
	var after record.ProfileID
	for {
		var page []*record.Profile
		err := a.view(ctx, func(r engine.Reader, number uint32, _ *generation) error {
			return golden.Each(r, number, after, func(p *record.Profile) bool {
				page = append(page, p)
				return len(page) < resyncPage
			})
		})
		if err != nil {
			return err
		}
		for _, p := range page {
			if err := send(ctx, p); err != nil {
				return err
			}
		}
		if len(page) < resyncPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}
