package duckdb

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// ledger holds the small tables that are sums, and therefore written whole: counts
// by stream, checks, sources, and the days seen.
type ledger struct {
	counts  map[streamKey]*[record.Outcomes]int64
	checks  map[checkKey]*[2]int64
	sources map[sourceKey]*[2]int64 // first and last received
	tables  map[sourceKey]string
	days    map[int64]bool
}

type (
	streamKey struct{ source, stream string }
	checkKey  struct{ stream, check, column string }
	sourceKey struct{ source, stream, kind string }
	placeKey  struct {
		partition int32
		offset    uint64
	}
)

func readLedger(r *raw) (*ledger, error) {
	l := &ledger{counts: map[streamKey]*[record.Outcomes]int64{}, checks: map[checkKey]*[2]int64{},
		sources: map[sourceKey]*[2]int64{}, tables: map[sourceKey]string{}, days: map[int64]bool{}}
	err := r.each("SELECT * FROM ledger", func(n int, c []column) {
		for i := range n {
			sums := &[record.Outcomes]int64{}
			for j := range sums {
				sums[j] = c[2+j].int64(i)
			}
			l.counts[streamKey{c[0].string(i), c[1].string(i)}] = sums
		}
	})
	if err != nil {
		return nil, err
	}
	err = r.each("SELECT * FROM quality_result", func(n int, c []column) {
		for i := range n {
			l.checks[checkKey{c[0].string(i), c[1].string(i), c[2].string(i)}] = &[2]int64{c[3].int64(i), c[4].int64(i)}
		}
	})
	if err != nil {
		return nil, err
	}
	err = r.each("SELECT source, stream, kind, table_name, epoch_us(first_received), epoch_us(last_received) FROM dim_source", func(n int, c []column) {
		for i := range n {
			k := sourceKey{c[0].string(i), c[1].string(i), c[2].string(i)}
			l.sources[k] = &[2]int64{c[4].int64(i), c[5].int64(i)}
			l.tables[k] = c[3].string(i)
		}
	})
	if err != nil {
		return nil, err
	}
	return l, r.each("SELECT (date_key - DATE '1970-01-01')::BIGINT FROM dim_date", func(n int, c []column) {
		for i := range n {
			l.days[c[0].int64(i)] = true
		}
	})
}

// write adds what a step says.
func (l *ledger) write(d *DB, step *warehouse.Step) error {
	var days []int64
	sources, sums := false, false
	reasons := map[placeKey]*record.Reason{} // nil: set free by a transition
	var order, freed []placeKey
	var lastKey sourceKey
	var lastSpan *[2]int64
	for i := range step.Parts {
		p := &step.Parts[i]
		for j := range p.Facts {
			f := &p.Facts[j]
			days = l.day(days, f.Occurred)
			days = l.day(days, f.Received)
			if lastSpan == nil || lastKey.source != f.Source || lastKey.stream != f.Stream || lastKey.kind != f.Kind.String() {
				lastKey = sourceKey{f.Source, f.Stream, f.Kind.String()}
				lastSpan = l.source(lastKey, d.c.factTable(f).name, f.Received)
				sources = true
			}
			if f.Received < lastSpan[0] || f.Received > lastSpan[1] {
				lastSpan[0], lastSpan[1] = min(lastSpan[0], f.Received), max(lastSpan[1], f.Received)
				sources = true
			}
		}
		for j := range p.Profiles {
			days = l.day(days, p.Profiles[j].Cause.Received)
		}
		for j := range p.Dispositions {
			q := &p.Dispositions[j]
			sums = sums || len(q.Counts) > 0 || len(q.Checks) > 0
			if l.add(q) { // a transition: the record's old reason is void
				for o := q.From; o < q.To; o++ {
					k := placeKey{q.Partition, o}
					if _, ok := reasons[k]; !ok {
						order = append(order, k)
					}
					freed = append(freed, k)
					reasons[k] = nil
				}
			}
			for n := range q.Set {
				k := placeKey{q.Partition, q.Set[n].Offset}
				if _, ok := reasons[k]; !ok {
					order = append(order, k)
				}
				reasons[k] = &q.Set[n]
			}
		}
	}
	if err := l.writeDays(d, days); err != nil {
		return err
	}
	if sources {
		if err := l.writeSources(d); err != nil {
			return err
		}
	}
	if sums {
		if err := l.writeSums(d); err != nil {
			return err
		}
	}
	return writeReasons(d, reasons, order, freed)
}

// day notes a day of which no table has a row yet.
func (l *ledger) day(days []int64, micros int64) []int64 {
	if micros == 0 || warehouse.TypeOf(record.TimeValue(micros)) != warehouse.Stamp {
		return days
	}
	n := micros / 86_400_000_000
	if micros < 0 && micros%86_400_000_000 != 0 {
		n--
	}
	if !l.days[n] {
		l.days[n] = true
		days = append(days, n)
	}
	return days
}

func (l *ledger) source(k sourceKey, table string, received int64) *[2]int64 {
	if s := l.sources[k]; s != nil {
		return s
	}
	k = sourceKey{strings.Clone(k.source), strings.Clone(k.stream), k.kind}
	s := &[2]int64{received, received}
	l.sources[k], l.tables[k] = s, table
	return s
}

// add sums a disposition and reports whether it is a transition: one takes a record
// out of an outcome that it was counted under.
func (l *ledger) add(q *record.Disposition) (transition bool) {
	for i := range q.Counts {
		c := &q.Counts[i]
		k := streamKey{c.Source, c.Stream}
		sums := l.counts[k]
		if sums == nil {
			sums = &[record.Outcomes]int64{}
			l.counts[streamKey{strings.Clone(c.Source), strings.Clone(c.Stream)}] = sums
		}
		for j, n := range c.N {
			sums[j] += n
			transition = transition || n < 0
		}
	}
	for i := range q.Checks {
		c := &q.Checks[i]
		k := checkKey{c.Stream, c.Check, c.Column}
		sums := l.checks[k]
		if sums == nil {
			sums = &[2]int64{}
			l.checks[checkKey{strings.Clone(c.Stream), strings.Clone(c.Check), strings.Clone(c.Column)}] = sums
		}
		sums[0] += int64(c.Passed)
		sums[1] += int64(c.Failed)
	}
	return transition
}

func (l *ledger) writeDays(d *DB, days []int64) error {
	if len(days) == 0 {
		return nil
	}
	return d.append("", "dim_date", func(a *appender) error {
		for _, n := range days {
			t := time.Unix(n*86400, 0).UTC()
			isoYear, isoWeek := t.ISOWeek()
			weekday := (int64(t.Weekday()) + 6) % 7 // Monday is 1
			a.int32(0, int32(n))
			a.int64(1, int64(t.Year()))
			a.int64(2, int64(t.Month()-1)/3+1)
			a.int64(3, int64(t.Month()))
			a.text(4, t.Month().String())
			a.int64(5, int64(t.Day()))
			a.int64(6, int64(isoYear))
			a.int64(7, int64(isoWeek))
			a.int64(8, weekday+1)
			a.text(9, t.Weekday().String())
			a.bool(10, weekday >= 5)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *ledger) writeSources(d *DB) error {
	keys := make([]sourceKey, 0, len(l.sources))
	for k := range l.sources {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b sourceKey) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.stream, b.stream), cmp.Compare(a.kind, b.kind))
	})
	if err := d.raw.exec("DELETE FROM dim_source"); err != nil {
		return err
	}
	return d.append("", "dim_source", func(a *appender) error {
		for _, k := range keys {
			for i, s := range []string{k.source, k.stream, k.kind, l.tables[k]} {
				a.text(i, s)
			}
			a.stamp(4, l.sources[k][0])
			a.stamp(5, l.sources[k][1])
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *ledger) writeSums(d *DB) error {
	if err := d.raw.exec("DELETE FROM ledger; DELETE FROM quality_result"); err != nil {
		return err
	}
	err := d.append("", "ledger", func(a *appender) error {
		for k, sums := range l.counts {
			a.text(0, k.source)
			a.text(1, k.stream)
			for i, n := range sums {
				a.int64(2+i, n)
			}
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.append("", "quality_result", func(a *appender) error {
		for k, sums := range l.checks {
			a.text(0, k.stream)
			a.text(1, k.check)
			a.text(2, k.column)
			a.int64(3, sums[0])
			a.int64(4, sums[1])
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeReasons writes why records were set aside, and takes back what transitions
// have voided.
func writeReasons(d *DB, reasons map[placeKey]*record.Reason, order, freed []placeKey) error {
	if len(freed) > 0 {
		err := d.stage("stage_place", func(a *appender) error {
			for _, k := range freed {
				a.int64(0, int64(k.partition))
				a.int64(1, int64(k.offset))
				if err := a.next(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, t := range []string{"quarantine", "set_aside"} {
			if err := d.raw.exec("DELETE FROM " + t + " USING temp.stage_place s WHERE log_partition = s.p AND log_offset = s.o"); err != nil {
				return err
			}
		}
	}
	for _, t := range []string{"quarantine", "set_aside"} {
		var keys []placeKey
		for _, k := range order {
			if r := reasons[k]; r != nil && (r.Outcome == record.Quarantined) == (t == "quarantine") {
				keys = append(keys, k)
			}
		}
		if len(keys) == 0 {
			continue
		}
		err := d.append("", t, func(a *appender) error {
			for _, k := range keys {
				r := reasons[k]
				a.int64(0, int64(k.partition))
				a.int64(1, int64(k.offset))
				for i, s := range []string{r.Outcome.String(), r.Source, r.Stream, r.Code, r.Field, r.Detail} {
					a.text(2+i, s)
				}
				a.stamp(8, r.Received)
				if err := a.next(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
