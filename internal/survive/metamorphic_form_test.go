package survive_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// outcome is what a road has come to. Form is what I3 speaks of: it must be the same
// byte for byte, whatever the order, the batches, the partitions and the restarts.
type outcome struct {
	People    []string // the canonical form: golden rows, by canonical node
	Crosswalk []string // what the sources say, by canonical node
	Facts     []string // live facts and whose they are
	Ledger    []string // by stream and outcome; superseded counts within applied
	Rejected  []string // by said
}

func (o *outcome) form() string {
	var b strings.Builder
	for _, part := range [][]string{o.People, o.Facts, o.Ledger, o.Rejected, o.Crosswalk} {
		b.WriteString(strings.Join(part, "\n") + "\n\n")
	}
	return b.String()
}

// row renders a golden row: all of it but versions and positions.
func row(p *record.Profile, canon []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "person %q\n  id %v customers %d suppressed %v pending %v\n", canon, p.ID, p.Customers, p.Suppressed, p.Pending)
	for _, a := range p.Attrs {
		fmt.Fprintf(&b, "  %s = %v:%s from %s %s %v by %s at %d\n", a.Name, a.Value.Kind, a.Value.Text(), a.Source, a.Stream, a.Node, a.Rule, a.Time)
	}
	for _, i := range p.Identifiers {
		fmt.Fprintf(&b, "  identifier %s %s first %d\n", i.Type, i.Value, i.First)
	}
	fmt.Fprintf(&b, "  aliases %v", p.Aliases)
	for _, c := range p.Consents {
		fmt.Fprintf(&b, "\n  consent %+v", c)
	}
	return b.String()
}

func crosswalk(c *record.SourceCustomer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "customer %s %s %s order %v received %d %q", c.Source, c.Stream, c.Key, c.Order, c.Received, c.Identifiers)
	for _, a := range c.Attrs {
		fmt.Fprintf(&b, "\n  %s = %v:%s order %v", a.Name, a.Value.Kind, a.Value.Text(), a.Order)
	}
	return b.String()
}

// read gathers what the road has come to, and checks all that must hold of any road
// by itself.
func (r *road) read(ctx context.Context) (*outcome, error) {
	out := &outcome{}
	by := r.next()
	number := by.keeper.Current()
	g, err := by.generation(number, by.keeper.CurrentRules())
	if err != nil {
		return nil, err
	}
	var bridge map[record.NodeKey]record.ProfileID
	rows := map[record.ProfileID]*record.Profile{}
	err = by.engine.State.View(ctx, func(rd engine.Reader) error {
		if bridge, err = r.people(rd, g, number, rows, out); err != nil {
			return err
		}
		return r.followed(ctx, rd, g, number, rows)
	})
	if err != nil {
		return nil, err
	}
	if err := r.facts(ctx, bridge, out); err != nil {
		return nil, err
	}
	return out, r.accounts(ctx, number, out)
}

// people reads golden rows and holds them against identity.
func (r *road) people(rd engine.Reader, g *generation, number uint32, rows map[record.ProfileID]*record.Profile, out *outcome) (map[record.NodeKey]record.ProfileID, error) {
	if pending, err := g.identity.Pending(rd, number); err != nil || pending {
		return nil, fmt.Errorf("identity is pending: %v, %w", pending, err)
	}
	if err := golden.Each(rd, number, record.ProfileID{}, func(p *record.Profile) bool { rows[p.ID] = p; return true }); err != nil {
		return nil, err
	}
	var fault error
	seen := 0
	err := g.identity.Canonical(rd, number, func(p identity.Person) bool {
		seen++
		have := rows[p.ID]
		if have == nil {
			fault = fmt.Errorf("person %q has no golden row", p.Members)
			return false
		}
		aliases := slices.DeleteFunc(slices.Clone(p.Aliases), func(k record.NodeKey) bool { return k == p.ID })
		slices.SortFunc(aliases, func(a, b record.NodeKey) int { return strings.Compare(string(a[:]), string(b[:])) })
		if !slices.Equal(aliases, have.Aliases) {
			fault = fmt.Errorf("person %q: the golden row's aliases are not the members", p.Members)
			return false
		}
		out.People = append(out.People, row(have, p.Members))
		for _, c := range p.Content.Customers {
			out.Crosswalk = append(out.Crosswalk, crosswalk(c))
		}
		return true
	})
	slices.Sort(out.People)
	slices.Sort(out.Crosswalk)
	if err != nil || fault != nil {
		return nil, fmt.Errorf("%w%w", err, fault)
	}
	if seen != len(rows) {
		return nil, fmt.Errorf("%d people have %d golden rows", seen, len(rows))
	}
	bridge := map[record.NodeKey]record.ProfileID{}
	err = g.identity.Moves(rd, number, func(m record.Move) bool { bridge[m.Node] = m.Profile; return true })
	return bridge, err
}

// followed holds topic changes against the rows: the versions of an id count from 1
// without a gap, its last one is its row, and one that is no more resolves to a row or
// to nobody.
func (r *road) followed(ctx context.Context, rd engine.Reader, g *generation, number uint32, rows map[record.ProfileID]*record.Profile) error {
	last := map[record.ProfileID]record.Profile{}
	err := r.topic(ctx, record.TopicChanges, func(value []byte) error {
		p, err := record.DecodeProfile(slices.Clone(value))
		if err != nil {
			return err
		}
		was := last[p.ID]
		switch lived := was.Version > 0 && was.Kind != record.Merged && was.Kind != record.Gone; {
		case p.Version != was.Version+1:
			return fmt.Errorf("version %d of %v follows %d", p.Version, p.ID, was.Version)
		case p.Kind == record.Updated && !lived, (p.Kind == record.Created || p.Kind == record.Split) && lived:
			return fmt.Errorf("version %d of %v is %v after %v", p.Version, p.ID, p.Kind, was.Kind)
		}
		last[p.ID] = p
		return nil
	})
	if err != nil {
		return err
	}
	for id, have := range rows {
		p, ok := last[id]
		if !ok || have.Version != p.Version || row(&p, nil) != row(have, nil) {
			return fmt.Errorf("the last change of %v is not its row:\n%s\n%s", id, row(&p, nil), row(have, nil))
		}
	}
	for id, p := range last {
		if rows[id] != nil {
			continue
		}
		current, found, gone, err := g.identity.ResolveID(rd, number, id)
		if err != nil {
			return err
		}
		switch {
		case p.Kind != record.Merged && p.Kind != record.Gone:
			return fmt.Errorf("%v is no profile, but its last change says %v", id, p.Kind)
		case !gone && (!found || rows[current] == nil):
			return fmt.Errorf("%v resolves to %v, which is no profile", id, current)
		}
	}
	return nil
}

// facts holds topics facts and moves against identity's bridge: each event is a fact
// once, and the greatest move of a node is where the bridge points.
func (r *road) facts(ctx context.Context, bridge map[record.NodeKey]record.ProfileID, out *outcome) error {
	moves := map[record.NodeKey]record.Move{}
	err := r.topic(ctx, record.TopicMoves, func(value []byte) error {
		m, err := record.DecodeMove(value)
		if err == nil && m.Version >= moves[m.Node].Version {
			moves[m.Node] = m
		}
		return err
	})
	if err != nil {
		return err
	}
	for node, profile := range bridge {
		if m, ok := moves[node]; !ok || m.Profile != profile {
			return fmt.Errorf("node %v belongs to %v, its greatest move (%v) says %v", node, profile, ok, m.Profile)
		}
	}
	live := map[string]record.Fact{}
	err = r.topic(ctx, record.TopicFacts, func(value []byte) error {
		var f record.Fact
		if err := record.DecodeFact(slices.Clone(value), &f); err != nil {
			return err
		}
		name := f.Stream + " " + f.Key
		was, twice := live[name]
		if f.Kind == record.Event && twice && f.Received == was.Received {
			return fmt.Errorf("event %s is a fact twice", name)
		}
		if twice && f.Order.Compare(was.Order) < 0 {
			return nil
		}
		live[name] = f
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(live)) {
		f := live[name]
		if f.Op == record.Delete {
			continue
		}
		var whose record.ProfileID
		if !f.Node.IsZero() {
			m, ok := moves[f.Node]
			if !ok {
				return fmt.Errorf("fact %s lies on a node that no move speaks of", name)
			}
			whose = m.Profile
		}
		var b strings.Builder
		fmt.Fprintf(&b, "fact %s %s of %v on %v order %v", name, f.Event, whose, f.Node, f.Order)
		for _, a := range f.Attrs {
			fmt.Fprintf(&b, " %s=%v:%s", a.Name, a.Value.Kind, a.Value.Text())
		}
		out.Facts = append(out.Facts, b.String())
	}
	return nil
}

// accounts reads ledger and quarantine, and holds them against the dispositions that
// were emitted (I4).
func (r *road) accounts(ctx context.Context, number uint32, out *outcome) error {
	type line struct {
		stream  string
		outcome record.Outcome
	}
	book, told := map[line]int64{}, map[line]int64{}
	add := func(to map[line]int64, stream string, n [record.Outcomes]int64) {
		for o, c := range n {
			if record.Outcome(o) == record.Superseded {
				o = int(record.Applied)
			}
			if l := (line{stream, record.Outcome(o)}); c != 0 {
				if to[l] += c; to[l] == 0 {
					delete(to, l)
				}
			}
		}
	}
	ledger, err := pipeline.ReadLedger(ctx, r.next().engine, number)
	if err != nil {
		return err
	}
	if !ledger.Balanced() || ledger.Pending != 0 {
		return fmt.Errorf("the ledger does not balance: %+v", ledger)
	}
	for _, l := range ledger.Lines {
		add(book, l.Stream, l.N)
	}
	err = r.topic(ctx, record.TopicDispositions, func(value []byte) error {
		d, err := record.DecodeDisposition(value)
		for _, c := range d.Counts {
			add(told, strings.Clone(c.Stream), c.N)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !maps.Equal(book, told) {
		return fmt.Errorf("the ledger says %v, the emitted dispositions %v", book, told)
	}
	for l, n := range book {
		out.Ledger = append(out.Ledger, fmt.Sprintf("ledger %s %v %d", l.stream, l.outcome, n))
	}
	slices.Sort(out.Ledger)
	at := map[pipeline.Place]int{}
	for n, p := range r.places {
		at[p] = n
	}
	list, err := pipeline.ListQuarantine(ctx, r.next().engine.State, number, pipeline.QuarantineFilter{})
	for _, q := range list {
		out.Rejected = append(out.Rejected, fmt.Sprintf("quarantined %04d %s", at[q.Place], q.Reason.Code))
	}
	slices.Sort(out.Rejected)
	return err
}
