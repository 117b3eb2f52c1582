package duckdb

import (
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// version is a row of dim_customer on its way.
type version struct {
	p        *record.Profile
	from, to int64 // to counts where the row has ended
	ended    bool
	endedBy  string
	into     string
	last     bool
}

// person is what is known of one profile during a step.
type person struct {
	id         record.ProfileID
	stored     bool  // the warehouse has a last row
	rid        int64 // of it
	live       bool  // the last row, stored or new, is current
	wasLive    bool  // the stored one was
	floor      int64 // valid_from of the next row is at least this
	links      int64
	newest     *record.Profile
	open       int // index of the newest new row, or -1
	ended      bool
	endedAt    int64
	endedBy    string
	into       string
	superseded bool // the stored row is no longer the last
}

// customers makes SCD2 rows of a step's profiles.
type customers struct {
	c       *catalog
	people  map[record.ProfileID]*person
	order   []*person
	rows    []version
	list    []*record.Profile
	scratch []byte
}

func (w *customers) scan(list []record.Profile) {
	t := w.c.customer
	for i := range list {
		p := &list[i]
		w.list = append(w.list, p)
		if w.people[p.ID] == nil {
			who := &person{id: p.ID, open: -1}
			w.people[p.ID] = who
			w.order = append(w.order, who)
		}
		if p.Kind == record.Merged || p.Kind == record.Gone {
			continue
		}
		for j := range p.Attrs {
			t.see(j, attrKey{'a', p.Attrs[j].Name}, p.Attrs[j].Value)
		}
		for j := range p.Identifiers {
			t.see(len(p.Attrs)+j, attrKey{'i', p.Identifiers[j].Type}, record.StringValue(p.Identifiers[j].Value))
		}
	}
}

// write brings the step's versions into dim_customer, bridge_identity and
// fact_consent.
func (w *customers) write(d *DB) error {
	if len(w.list) == 0 {
		return nil
	}
	if err := w.stored(d); err != nil {
		return err
	}
	for _, p := range w.list {
		w.step(w.people[p.ID], p)
	}
	if err := w.end(d); err != nil {
		return err
	}
	if err := d.append("", w.c.customer.name, w.append); err != nil {
		return err
	}
	return w.bridges(d)
}

// stored reads the last row of every person of the step that has one.
func (w *customers) stored(d *DB) error {
	keys := make([][16]byte, len(w.order))
	for i, who := range w.order {
		keys[i] = who.id
	}
	if err := d.stageKeys(keys); err != nil {
		return err
	}
	return d.raw.each(`SELECT d._key, d.rowid, epoch_us(coalesce(d.valid_to, d.valid_from)), d.is_current, d._links
		FROM dim_customer d JOIN temp.stage_key s ON d._key = s.k WHERE d._last`, func(n int, c []column) {
		for i := range n {
			who := w.people[c[0].key(i)]
			who.stored, who.rid, who.floor, who.live, who.links = true, c[1].int64(i), c[2].int64(i), c[3].bool(i), c[4].int64(i)
			who.wasLive = who.live
		}
	})
}

// step applies one version to what is known of its person.
func (w *customers) step(who *person, p *record.Profile) {
	at := max(p.Cause.Received, who.floor)
	who.floor = at
	into := ""
	if p.Kind == record.Merged {
		into = p.Into.String()
	}
	if who.live { // the row before ends here
		if who.open >= 0 {
			v := &w.rows[who.open]
			v.ended, v.to, v.endedBy, v.into = true, at, p.Kind.String(), into
		} else {
			who.ended, who.endedAt, who.endedBy, who.into = true, at, p.Kind.String(), into
		}
	}
	who.newest = p
	if p.Kind == record.Merged || p.Kind == record.Gone {
		who.live = false
		return
	}
	if who.open >= 0 {
		w.rows[who.open].last = false
	} else {
		who.superseded = true
	}
	who.live, who.open = true, len(w.rows)
	w.rows = append(w.rows, version{p: p, from: at, last: true})
}

// end closes the stored rows that a version of this step follows.
func (w *customers) end(d *DB) error {
	n := 0
	err := d.stage("stage_end", func(a *appender) error {
		for _, who := range w.order {
			if !who.stored || !who.ended && !who.superseded {
				continue
			}
			n++
			a.int64(0, who.rid)
			if who.ended {
				a.stamp(1, who.endedAt)
				a.text(2, who.endedBy)
				if who.into != "" {
					a.text(3, who.into)
				}
			}
			a.bool(4, !who.superseded)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		return err
	}
	return d.raw.exec(`UPDATE dim_customer SET valid_to = coalesce(dim_customer.valid_to, s.valid_to), is_current = false,
		ended_by = coalesce(dim_customer.ended_by, s.ended_by), merged_into = coalesce(dim_customer.merged_into, s.merged_into), _last = s.last
		FROM temp.stage_end s WHERE dim_customer.rowid = s.rid`)
}

// append writes the new rows.
func (w *customers) append(a *appender) error {
	t := w.c.customer
	base := len(t.fixed)
	for i := range w.rows {
		v := &w.rows[i]
		p := v.p
		a.text(0, p.ID.String())
		a.int64(1, int64(p.Version))
		a.stamp(2, v.from)
		if v.ended {
			a.stamp(3, v.to)
			a.text(6, v.endedBy)
			if v.into != "" {
				a.text(7, v.into)
			}
		}
		a.bool(4, !v.ended)
		a.text(5, p.Kind.String())
		a.bool(8, p.Suppressed)
		a.bool(9, p.Pending)
		a.int64(10, int64(p.Customers))
		a.key(11, p.ID)
		a.bool(12, v.last)
		if v.last {
			a.int64(13, links(p))
		}
		for j := range p.Attrs {
			if p.Attrs[j].Value.Kind == record.Null {
				continue
			}
			if k := t.lookup(j, attrKey{'a', p.Attrs[j].Name}); k >= 0 {
				w.scratch = a.value(base+k, t.cols[k].typ, p.Attrs[j].Value, w.scratch)
			}
		}
		for j := range p.Identifiers {
			if !newestOfType(p.Identifiers, j) {
				continue
			}
			if k := t.lookup(len(p.Attrs)+j, attrKey{'i', p.Identifiers[j].Type}); k >= 0 {
				a.text(base+k, p.Identifiers[j].Value)
			}
		}
		if err := a.next(); err != nil {
			return err
		}
	}
	return nil
}

// newestOfType reports whether the i-th identifier is the one that its column of
// dim_customer shows: the latest first seen of its type, ties by value.
func newestOfType(ids []record.MemberIdentifier, i int) bool {
	for j := range ids {
		if j == i || ids[j].Type != ids[i].Type {
			continue
		}
		if ids[j].First > ids[i].First || ids[j].First == ids[i].First && (ids[j].Value < ids[i].Value || ids[j].Value == ids[i].Value && j < i) {
			return false
		}
	}
	return true
}

// bridges renews the identifiers and consents of those people in whom they changed.
func (w *customers) bridges(d *DB) error {
	var old [][16]byte
	var fresh []*record.Profile
	for _, who := range w.order {
		p := who.newest
		if who.live && who.wasLive && links(p) == who.links {
			continue
		}
		if who.wasLive {
			old = append(old, who.id)
		}
		if who.live {
			fresh = append(fresh, p)
		}
	}
	if len(old) > 0 {
		if err := d.stageKeys(old); err != nil {
			return err
		}
		for _, t := range []string{"bridge_identity", "fact_consent"} {
			if err := d.raw.exec("DELETE FROM " + t + " WHERE _key IN (SELECT k FROM temp.stage_key)"); err != nil {
				return err
			}
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	err := d.append("", "bridge_identity", func(a *appender) error {
		for _, p := range fresh {
			if err := appendIdentifiers(a, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.append("", "fact_consent", func(a *appender) error {
		for _, p := range fresh {
			if err := appendConsents(a, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func appendIdentifiers(a *appender, p *record.Profile) error {
	id := p.ID.String()
	for i := range p.Identifiers {
		m := &p.Identifiers[i]
		a.text(0, m.Type)
		a.text(1, m.Value)
		a.text(2, id)
		a.stamp(3, m.First)
		a.key(4, m.Node)
		a.key(5, p.ID)
		if err := a.next(); err != nil {
			return err
		}
	}
	return nil
}

func appendConsents(a *appender, p *record.Profile) error {
	id := p.ID.String()
	for i := range p.Consents {
		c := &p.Consents[i]
		for col, s := range []string{id, c.Purpose, c.Channel} {
			a.text(col, s)
		}
		a.bool(3, c.Granted)
		a.stamp(4, c.Effective)
		for col, s := range []string{c.Source, c.Proof, c.Identifier.Type, c.Identifier.Value} {
			a.text(5+col, s)
		}
		a.key(9, p.ID)
		if err := a.next(); err != nil {
			return err
		}
	}
	return nil
}

// moves re-points nodes: the greatest version of each wins.
type moves struct {
	newest map[record.NodeKey]*record.Move
	order  []record.NodeKey
}

func (w *moves) scan(list []record.Move) {
	for i := range list {
		m := &list[i]
		old := w.newest[m.Node]
		if old == nil {
			w.order = append(w.order, m.Node)
		}
		if old == nil || m.Version > old.Version {
			w.newest[m.Node] = m
		}
	}
}

func (w *moves) write(d *DB) error {
	if len(w.order) == 0 {
		return nil
	}
	keys := make([][16]byte, len(w.order))
	for i, k := range w.order {
		keys[i] = k
	}
	if err := d.stageKeys(keys); err != nil {
		return err
	}
	type place struct {
		rid     int64
		version uint64
	}
	have := make(map[record.NodeKey]place)
	err := d.raw.each("SELECT b.node_key, b.rowid, b.move_version FROM bridge_node b JOIN temp.stage_key s ON b.node_key = s.k", func(n int, c []column) {
		for i := range n {
			have[c[0].key(i)] = place{c[1].int64(i), uint64(c[2].int64(i))}
		}
	})
	if err != nil {
		return err
	}
	var fresh []*record.Move
	err = d.stage("stage_move", func(a *appender) error {
		for _, k := range w.order {
			m := w.newest[k]
			old, ok := have[k]
			if !ok {
				fresh = append(fresh, m)
				continue
			}
			if m.Version <= old.version {
				continue
			}
			a.int64(0, old.rid)
			a.text(1, customerID(m.Profile))
			a.int64(2, int64(m.Version))
			a.stamp(3, m.Time)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(have) > 0 {
		err := d.raw.exec(`UPDATE bridge_node SET customer_id = s.customer_id, move_version = s.move_version, moved = s.moved
			FROM temp.stage_move s WHERE bridge_node.rowid = s.rid`)
		if err != nil {
			return err
		}
	}
	return d.append("", "bridge_node", func(a *appender) error {
		for _, m := range fresh {
			a.key(0, m.Node)
			a.text(1, customerID(m.Profile))
			a.int64(2, int64(m.Version))
			a.stamp(3, m.Time)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

func customerID(id record.ProfileID) string {
	if id.IsZero() {
		return warehouse.Unknown
	}
	return id.String()
}
