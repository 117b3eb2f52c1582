package match

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Plan is what a run is told beforehand. What it leaves out is found out.
type Plan struct {
	Fields []PlanField
	Only   bool        // columns that no field names are not compared
	Rules  [][]PlanKey // which pairs are compared: those that share all keys of one of them; nil: chosen
	Plain  bool        // no pairs are related and not one: there are matches and strangers alone
	Prior  float64     // the probability of two rows taken at random being one; 0: learned
}

// PlanField is what is told of one column, or of several that are compared as one.
type PlanField struct {
	Name    string   // of the column; of several columns, what the field is called
	Columns []string // where they are several
	Skip    bool     // it is not compared
	Why     string   // it is not compared; told by Result.Plan alone
	Kind    Kind     // Skipped: told by its values
	Levels  []Level  // in place of the kind's; the first is the same, the last holds for what is left
	M, U    []float64
	Follows []string // fields that its agreement follows from; nil: found out; empty: none
	Common  bool     // that a value is rare tells no more
	pinned  *SnapshotField
}

// PlanKey is something of a field's value that rows can be brought together by.
type PlanKey struct {
	Field string `json:"field"`
	What  string `json:"what"`
}

// Fault is what of a plan cannot be done with a table.
type Fault struct {
	Field, Rule int // of the plan, or -1
	What, Mend  string
}

// fixes reports whether a level of a field has a probability that is not learned.
func fixes(of []float64) bool {
	return slices.ContainsFunc(of, func(p float64) bool { return p > 0 })
}

// fixed reports whether nothing is left to learn of a field.
func (p *PlanField) fixed(levels int) bool {
	whole := func(of []float64) bool { return len(of) == levels && !slices.Contains(of, 0) }
	return p != nil && whole(p.M) && whole(p.U)
}

// weightless reports whether a field says nothing of two rows: it is there for its keys.
func (p *PlanField) weightless() bool {
	return p != nil && fixes(p.M) && !slices.Contains(p.M, 0) && slices.Equal(p.M, p.U)
}

// unused is a column that is not compared, and why.
type unused struct{ name, why string }

// planning makes fields of columns, as the plan says.
type planning struct {
	plan    *Plan
	table   *Table
	stopped func() bool
	column  map[string]int
	faults  []Fault
	unused  []unused
	known   int // columns of the plan that the table has
}

func newPlanning(t *Table, c Config) *planning {
	p := &planning{plan: c.Plan, table: t, stopped: c.stopped, column: map[string]int{}}
	for i := range t.Columns {
		p.column[t.Columns[i].Name] = i
	}
	return p
}

func (p *planning) fault(field int, what, mend string) {
	p.faults = append(p.faults, Fault{Field: field, Rule: -1, What: what, Mend: mend})
}

// fields gives those that help to tell who is who, in no order yet.
func (p *planning) fields() []*field {
	told := map[string]bool{}
	var fields []*field
	if p.plan != nil {
		for i := range p.plan.Fields {
			of := &p.plan.Fields[i]
			if len(of.Columns) == 0 {
				told[of.Name] = true
			}
			if f := p.field(i, of); f != nil {
				fields = append(fields, f)
			}
		}
	}
	var open []*field
	for i := range p.table.Columns {
		name := p.table.Columns[i].Name
		switch {
		case told[name]:
		case p.plan != nil && p.plan.Only:
			p.unused = append(p.unused, unused{name, "no field of the plan"})
		default:
			open = append(open, &field{column: i})
		}
	}
	inParallel(len(open), 1, func(i, _ int) {
		if !p.stopped() {
			open[i] = newField(p.table, open[i].column, Skipped)
		}
	})
	if p.stopped() {
		return nil
	}
	for _, f := range p.joinDate(open) {
		if f.kind != Skipped {
			fields = append(fields, f)
		} else {
			p.unused = append(p.unused, unused{f.name, f.why(p.table.Rows)})
		}
	}
	if p.known == 0 && p.pinned() && p.table.Rows > 0 {
		p.fault(-1, "the records have none of the snapshot's columns", "the columns are: "+strings.Join(p.names(), ", "))
	}
	if stated := p.stated(fields); stated > mostFields {
		p.faults = append(p.faults, Fault{Field: -1, Rule: -1, What: fmt.Sprintf("the plan has %d fields", stated), Mend: fmt.Sprintf("compare %d at most, and skip the others", mostFields)})
	}
	return fields
}

// pinned reports whether a snapshot says how all is compared.
func (p *planning) pinned() bool {
	return p.plan != nil && len(p.plan.Fields) > 0 && p.plan.Fields[0].pinned != nil
}

func (p *planning) stated(fields []*field) int {
	n := 0
	for _, f := range fields {
		if f.planned != nil {
			n++
		}
	}
	return n
}

// field makes the field that the plan tells of; nil where it is not compared.
func (p *planning) field(i int, of *PlanField) *field {
	if of.Skip {
		p.unused = append(p.unused, unused{of.Name, "the plan says so"})
		return nil
	}
	parts, ok := p.parts(i, of)
	if !ok {
		return nil
	}
	f := parts[of.Name]
	switch {
	case len(of.Columns) == 1:
		f = parts[of.Columns[0]]
		f.name = of.Name
	case len(of.Columns) > 1:
		f = newFieldOf(p.joined(of), p.table.Rows, cmp.Or(of.Kind, Text))
	}
	if f.kind == Skipped {
		if len(of.Levels) == 0 && of.Kind == Skipped {
			p.unused = append(p.unused, unused{of.Name, f.why(p.table.Rows)})
			return nil
		}
		f.kind = Text
	}
	f.planned = of
	if len(of.Levels) > 0 {
		f.custom = newCustom(f, of, parts)
		f.kind = customKind(len(of.Levels))
	}
	return f
}

// parts makes a field of each column that a field of the plan names.
func (p *planning) parts(i int, of *PlanField) (map[string]*field, bool) {
	names := of.Columns
	if len(names) == 0 {
		names = []string{of.Name}
	}
	own := names
	for _, l := range of.Levels {
		names = l.When.columns(names)
	}
	parts := map[string]*field{}
	for _, name := range names {
		kind := of.Kind
		if len(own) > 1 || name != own[0] {
			kind = of.kindOf(name)
		}
		at, ok := p.column[name]
		if !ok && of.pinned != nil { // a snapshot is for records to come, which may lack it
			parts[name] = newFieldOf(&Column{Name: name, Codes: make([]uint32, p.table.Rows), Values: []string{""}}, p.table.Rows, kind)
			continue
		}
		if !ok {
			p.fault(i, "no record has a column named "+strconv.Quote(name), "the columns are: "+strings.Join(p.names(), ", "))
			return nil, false
		}
		p.known++
		parts[name] = newField(p.table, at, kind)
	}
	return parts, true
}

// kindOf is how a column is read that is not all of a field.
func (p *PlanField) kindOf(column string) Kind {
	for _, l := range p.Levels {
		if l.When.username(column) {
			return Email
		}
	}
	return Text
}

func (p *planning) names() []string {
	var names []string
	for i := range p.table.Columns {
		names = append(names, p.table.Columns[i].Name)
	}
	return names
}

// joined is several columns as one, whose values are those of all; where one is missing
// the value is.
func (p *planning) joined(of *PlanField) *Column {
	b := NewBuilder(of.Name)
	var value []byte
	for row := range p.table.Rows {
		value = value[:0]
		for n, name := range of.Columns {
			v := ""
			if at, ok := p.column[name]; ok {
				c := &p.table.Columns[at]
				v = c.Values[c.Codes[row]]
			}
			if v == "" {
				value = value[:0]
				break
			}
			if n > 0 {
				value = append(value, ' ')
			}
			value = append(value, v...)
		}
		b.Set(row, value)
	}
	c := b.Column(p.table.Rows)
	return &c
}

// common reports whether agreeing on a rare value is worth no more than on a common one.
func (f *field) common() bool { return f.planned != nil && f.planned.Common }

// why tells why a column is not compared.
func (f *field) why(rows int) string {
	switch {
	case f.given == 0:
		return "no record has a value"
	case len(f.norm) <= 2:
		return "all its values are the same"
	case f.given*50 < rows:
		return "fewer than one record in 50 has a value"
	}
	return "others tell more"
}

// wanted are the keys that the rules of a plan, or of a snapshot, name.
func (m *matcher) wanted() map[PlanKey]bool {
	keys := map[PlanKey]bool{}
	for _, of := range m.plannedRules() {
		for _, k := range of {
			keys[k] = true
		}
	}
	return keys
}

func (m *matcher) plannedRules() [][]PlanKey {
	if m.config.Plan != nil {
		return m.config.Plan.Rules
	}
	return nil
}

// stateRules finds the components of the rules that a plan or a snapshot names.
func (m *matcher) stateRules() {
	rules := m.plannedRules()
	if rules == nil {
		return
	}
	at := map[PlanKey]int{}
	for i, c := range m.components {
		at[PlanKey{m.fields[c.field].name, c.what}] = i
	}
	m.stated = []rule{}
	if len(m.wanted()) > mostComponents {
		m.faults = append(m.faults, Fault{Field: -1, Rule: 0, What: "the rules name too many different keys", Mend: fmt.Sprintf("use %d at most", mostComponents)})
		return
	}
	for i, keys := range rules {
		var of []int
		for _, k := range keys {
			c, ok := at[k]
			if !ok {
				m.faults = append(m.faults, Fault{Field: -1, Rule: i, What: m.keyFault(k), Mend: m.keysOfField(k.Field)})
				break
			}
			of = append(of, c)
		}
		if len(of) != len(keys) {
			continue
		}
		r := rule{a: of[0], b: -1}
		if len(of) > 1 {
			r.b, r.also = of[1], of[2:]
		}
		m.stated = append(m.stated, r)
	}
	if len(m.faults) == 0 {
		m.count(m.stated)
	}
}

func (m *matcher) keyFault(k PlanKey) string {
	for _, f := range m.fields {
		if f.name == k.Field {
			return fmt.Sprintf("%s is a %s and has no key %s", strconv.Quote(k.Field), f.like(), strconv.Quote(k.What))
		}
	}
	return strconv.Quote(k.Field) + " is no field that is compared"
}

// keysOfField tells the keys that there are, for the field or for all.
func (m *matcher) keysOfField(name string) string {
	var keys []string
	for _, c := range m.components {
		if f := m.fields[c.field]; f.name == name {
			keys = append(keys, c.what)
		}
	}
	if len(keys) > 0 {
		return "it has: " + strings.Join(keys, ", ") + ", first N, last N, letters N to M"
	}
	var fields []string
	for _, f := range m.fields {
		fields = append(fields, f.name)
	}
	return "name one of: " + strings.Join(fields, ", ")
}

// span gives the part of a value that a key such as "first 3" names: its bytes from
// and to, counted from the end where from is negative.
func span(what string) (from, to int, ok bool) {
	words := strings.Fields(what)
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil || n > 99 {
			return 0
		}
		return n
	}
	switch {
	case len(words) == 2 && words[0] == "first":
		to = number(words[1])
	case len(words) == 2 && words[0] == "last":
		n := number(words[1])
		return -n, 0, n > 0
	case len(words) == 4 && words[0] == "letters" && words[2] == "to":
		from, to = number(words[1])-1, number(words[3])
	}
	return from, to, from >= 0 && to > from
}

// spans are the keys of a field that are wanted and are a part of its values.
func (f *field) spans(wanted map[PlanKey]bool) []*component {
	var all []*component
	for k := range wanted {
		from, to, ok := span(k.What)
		if !ok || k.Field != f.name {
			continue
		}
		all = append(all, &component{what: k.What, make: func(code uint32, add func(uint64)) {
			if part := spanOf(f.norm[code], from, to); part != "" {
				add(hash(part))
			}
		}})
	}
	slices.SortFunc(all, func(a, b *component) int { return strings.Compare(a.what, b.what) })
	return all
}

// spanOf gives the part of a value that lies in a span, "" where the value is shorter.
func spanOf(v string, from, to int) string {
	if from < 0 {
		from, to = len(v)+from, len(v)
	}
	if from < 0 || to > len(v) {
		return ""
	}
	return v[from:to]
}

// follow puts the plan's word on what fields follow from in place of what was found.
func (m *matcher) follow(mo *model) {
	for i, f := range m.fields {
		for slot, j := range mo.parents[i] {
			if j >= 0 && m.fields[j].planned.weightless() {
				mo.parents[i][slot] = -1
			}
		}
		if f.planned == nil || f.planned.Follows == nil {
			continue
		}
		mo.parents[i] = [mostParents]int{-1, -1, -1}
		for slot, name := range f.planned.Follows[:min(len(f.planned.Follows), mostParents)] {
			mo.parents[i][slot] = m.fieldNamed(name)
		}
	}
}

// fieldNamed gives the field of a name, or -1.
func (m *matcher) fieldNamed(name string) int {
	return slices.IndexFunc(m.fields, func(f *field) bool { return f.name == name })
}

// checkFollows reports fields that are to follow from what is not compared.
func (m *matcher) checkFollows() {
	if m.config.Plan == nil {
		return
	}
	for i, of := range m.config.Plan.Fields {
		for _, name := range of.Follows {
			if m.fieldNamed(name) < 0 || name == of.Name {
				m.faults = append(m.faults, Fault{Field: i, Rule: -1, What: strconv.Quote(of.Name) + " cannot follow " + strconv.Quote(name), Mend: m.keysOfField("")})
			}
		}
	}
}

// Plan is what the run went by, so that a run with this plan on the same table does the
// same: the fields that were compared, in the order of the columns, then those that were not.
func (r *Result) Plan() Plan {
	m := r.matcher
	var p Plan
	if m.config.Plan != nil {
		p.Prior, p.Only, p.Plain = m.config.Plan.Prior, m.config.Plan.Only, m.config.Plan.Plain
	}
	fields := slices.Clone(m.fields)
	slices.SortStableFunc(fields, func(a, b *field) int { return a.column - b.column })
	for _, f := range fields {
		of := PlanField{Name: f.name}
		if f.implied != nil {
			of = *f.implied
		}
		if f.planned != nil {
			of = *f.planned
		}
		of.Kind = f.like()
		p.Fields = append(p.Fields, of)
	}
	for _, i := range m.unused {
		p.Fields = append(p.Fields, PlanField{Name: i.name, Skip: true, Why: i.why})
	}
	if r.model != nil && !m.few() {
		p.Rules = [][]PlanKey{}
		for _, rule := range r.rules {
			p.Rules = append(p.Rules, m.keys(rule))
		}
	}
	return p
}

// keys names what a rule asks rows to share.
func (m *matcher) keys(r rule) []PlanKey {
	var keys []PlanKey
	for _, c := range r.components() {
		keys = append(keys, PlanKey{m.fields[m.components[c].field].name, m.components[c].what})
	}
	return keys
}
