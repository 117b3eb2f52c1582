package initproject

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// page builds the text of a kith.yaml.
type page struct{ strings.Builder }

// line writes one line with its reason, if any, as a comment.
func (p *page) line(indent int, text, why string) {
	p.WriteString(strings.Repeat("  ", indent) + text)
	if why != "" {
		p.WriteString("  # " + comment(why))
	}
	p.WriteByte('\n')
}

// comment keeps a text on one line, and printable.
func comment(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > 400 {
		s = strings.ToValidUTF8(s[:400], "") + "…"
	}
	return s
}

// projectName keeps what a name may hold.
func projectName(s string) string {
	s = strings.TrimSpace(comment(s))
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "")
	}
	if s == "" || s == "/" || s == "." {
		return "kith"
	}
	return s
}

// render writes the project proposed.
func render(name string, streams []*stream) string {
	p := &page{}
	p.line(0, "# Proposed from your own files; the reason stands beside each guess. Change what is wrong, then:", "")
	p.line(0, "#   kith check    validates everything", "")
	p.line(0, "#   kith run      runs it", "")
	p.line(0, "name: "+quote(projectName(name)), "")
	p.line(0, "data: ./data", "the log, the state and the warehouse live here")
	p.line(0, "", "")
	p.line(0, "sources:", "")
	seen := map[string]bool{}
	for _, s := range streams {
		if !seen[s.from()] {
			p.source(s)
		}
		seen[s.from()] = true
	}
	p.line(0, "", "")
	p.line(0, "streams:", "")
	for _, s := range streams {
		p.stream(s)
	}
	p.identity(streams)
	p.golden(streams)
	p.line(0, "", "")
	p.line(0, "warehouse: {type: duckdb}", "kith sql \"select …\" asks it while the server runs")
	p.line(0, "", "")
	p.line(0, "# destinations:", "every change of a profile as a signed HTTP request")
	p.line(0, "#   mailer: {type: webhook, url: \"http://127.0.0.1:9000/hook\", on: [profile.changed], allow_private: true}", "")
	return p.String()
}

func (p *page) source(s *stream) {
	if s.archive != "" {
		p.line(1, s.from()+": {type: file, path: "+quote(s.glob)+"}", "a zip archive: each stream says which of its members it takes")
		return
	}
	settings := "type: file, path: " + quote(s.glob) + ", format: " + s.format
	var why []string
	if s.records == "" {
		why = append(why, s.layout())
	}
	if s.files > 1 {
		why = append(why, fmt.Sprintf("%d files alike", s.files))
	}
	if s.format == "csv" {
		settings += ", delimiter: " + delimiter(s.delimiter)
		if s.headless {
			settings += ", header: false"
			why = append(why, "the first row is one like the others")
		}
		if s.titles > 0 {
			settings += fmt.Sprintf(", skip_lines: %d", s.titles)
			why = append(why, "what stands above the header is no row")
		}
	}
	if s.records != "" {
		settings += ", records: " + quote(s.records)
		why = append(why, "the array with most objects")
	}
	if s.encoding != "" {
		settings += ", encoding: " + s.encoding
		why = append(why, "no UTF-8, and in this encoding its letters are usual ones: please check")
	}
	p.line(1, s.source+": {"+settings+"}", strings.Join(why, "; "))
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// layout says what a file looks like.
func (s *stream) layout() string {
	switch s.format {
	case "csv":
		return counted(len(s.columns), "column") + " a row"
	case "ndjson":
		return "one JSON object a line"
	case "json":
		return "one JSON array of objects"
	}
	return "its columns have types of their own"
}

func delimiter(d string) string {
	if d == "\t" {
		return `"\t"`
	}
	return `"` + d + `"`
}

func (p *page) stream(s *stream) {
	many := ""
	if !s.whole {
		many = "the first "
	}
	p.line(1, fmt.Sprintf("# %s%s of %s", many, counted(s.rows, "row"), counted(len(s.columns), "field")), "")
	for _, n := range s.notes {
		p.line(1, "# NOTE: "+comment(n), "")
	}
	p.line(1, s.name()+":", "")
	p.line(2, "from: "+s.from(), "")
	if s.pattern != "" {
		p.line(2, "files: "+quote(s.pattern), "")
	}
	p.line(2, "kind: "+s.kind.String(), s.kindWhy)
	if key := s.keyName(); key != "" {
		p.line(2, "key: "+quote(key), s.keyWhy)
	}
	if s.seq != nil {
		why := "the source's own order: of two rows with one key the later wins"
		if s.seq.orders() && !s.seq.clocked() {
			why += "; it says the day alone: of two on one day neither is later"
		}
		text, why := s.seq.timeField(why)
		p.line(2, "seq: "+text, why)
	} else if s.key != nil {
		p.line(2, "# seq: none was found; of two rows with one key the one further down, or in the later file, wins", "")
	}
	if s.occurred != nil {
		text, why := s.occurred.timeField(cmp.Or(s.occurredWhy, "when it happened"))
		p.line(2, "occurred: "+text, why)
	}
	if s.deleted != nil {
		p.line(2, "deleted: "+quote(s.deleted.name), "true deletes the key")
	}
	if len(s.unix) > 0 {
		p.line(2, "contract: "+s.contract(), "written beside this file, with the type of what counts from 1970; the rest is learnt on first sight")
	} else {
		p.line(2, "contract: "+s.contract(), "proposed there on first sight; edit it to make it yours")
	}
	p.line(2, "on_drift: evolve", "or freeze, discard_row, discard_value")
	p.consent(s)
	p.identifiers(s)
	attributes := s.mapped
	if len(attributes) > 0 {
		p.line(2, "attributes:", legend(attributes))
		for _, a := range attributes {
			text := a.name + ": {from: " + quote(a.col.name)
			if a.steps != "" {
				text += ", clean: [" + steps(a.steps) + "]"
			}
			p.line(3, text+"}", a.why)
		}
	}
	if len(s.checks) > 0 {
		p.line(2, "expect:", "tried on the rows looked at; warnings only, for a sample is no promise: without severity a check sets rows aside")
		for _, c := range s.checks {
			p.line(3, "- {"+c.String()+"}", c.why)
		}
	}
}

// legend says what the steps are for that need no reason of their own.
func legend(attributes []mapped) string {
	var all []string
	for _, step := range [][2]string{{"trim", "takes off space around"}, {"name", "mends names all in capitals or small letters"}, {"email", "checks the syntax and writes small letters"}, {"date", "reads a date or time"},
		{"number", "reads a number"}, {"boolean", "reads yes and no"}, {"gender", "writes one word for each"}, {"language", "writes a code"}, {"ip", "writes the one form of an address"}, {"url", "writes the one form of an address of the web"}} {
		for _, a := range attributes {
			if a.why == "" && slices.Contains(strings.Split(a.steps, ", "), step[0]) {
				all = append(all, step[0]+" "+step[1])
				break
			}
		}
	}
	return strings.Join(all, "; ")
}

// steps puts those with arguments into braces of their own.
func steps(list string) string {
	var all []string
	depth, from := 0, 0
	for i, c := range list + "," {
		switch {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 0:
			step := strings.TrimSpace(list[from:i])
			if strings.Contains(step, ":") {
				step = "{" + step + "}"
			}
			all = append(all, step)
			from = i + 1
		}
	}
	return strings.Join(all, ", ")
}

// consent says where a consent's parts stand.
func (p *page) consent(s *stream) {
	if s.allowed == nil {
		return
	}
	first := func(m meaning) *column {
		if columns := s.with(m); len(columns) > 0 {
			return columns[0]
		}
		return nil
	}
	p.line(2, "consent:", "what was allowed; a path, or a constant in single quotes")
	if c := first(purpose); c != nil {
		p.line(3, "purpose: "+quote(c.name), "")
	} else {
		p.line(3, `purpose: "'marketing'"`, "no column names it: please check")
	}
	if c := first(channel); c != nil {
		p.line(3, "channel: "+quote(c.name), "")
	} else {
		p.line(3, `channel: "''"`, "none: it holds for all")
	}
	p.line(3, "status: "+quote(s.allowed.name), "")
	for _, c := range s.columns {
		if c.filled > 0 && hasWord(c.words, "proof", "source", "evidence", "form", "nachweis", "preuve", "quelle") {
			p.line(3, "proof: "+quote(c.name), "")
			break
		}
	}
}

func (p *page) identifiers(s *stream) {
	if len(s.ids) == 0 {
		if s.person() {
			p.line(2, "# identifiers: none was found, so nothing links these people to others", "")
		}
		return
	}
	p.line(2, "identifiers:", "")
	done := map[string]bool{}
	for _, id := range s.ids {
		if done[id.typ] {
			continue
		}
		done[id.typ] = true
		var fields []string
		for _, other := range s.ids {
			if other.typ == id.typ {
				fields = append(fields, quote(other.col.name))
			}
		}
		if len(fields) == 1 {
			p.line(3, id.typ+": "+fields[0], id.why)
		} else {
			p.line(3, id.typ+": ["+strings.Join(fields, ", ")+"]", id.why)
		}
	}
}

func (p *page) identity(streams []*stream) {
	types := typesOf(streams)
	if len(types) == 0 {
		return
	}
	p.line(0, "", "")
	p.line(0, "identity:", "")
	p.line(1, "identifiers:", "strongest first; one value on too many records is generic and stops linking")
	for _, t := range types {
		switch t {
		case "user_id":
			if slices.Contains(types, "anonymous_id") {
				p.line(2, "- {type: user_id, max_per_profile: 1}", "two of these are two people, whatever device they share")
			} else {
				p.line(2, "- {type: user_id}", "max_per_profile: 1 would keep two of these apart for ever")
			}
		case "email":
			p.line(2, `- {type: email, max_per_profile: 5, max_neighbours: 20, block: ["test@*", "noreply@*", "no-reply@*", "donotreply@*", "info@*", "none@*", "noemail@*"]}`, "blocked ones name nobody")
		case "phone":
			p.line(2, "- {type: phone, max_neighbours: 10}", "households and shops share telephones; one that more share names nobody")
		case "anonymous_id":
			p.line(2, "- {type: anonymous_id, max_neighbours: 5}", "a device that more people share names nobody")
		case "national_id":
			p.line(2, "- {type: national_id, max_neighbours: 20}", "typing errors happen: more than one in a profile is no veto")
		case "loyalty_id":
			p.line(2, "- {type: loyalty_id, max_neighbours: 20}", "one card may serve a family")
		default:
			why := "by which records name people"
			for _, s := range streams {
				if t == s.source+"_id" {
					why = "ids of " + s.source + ", by which other files name people"
				}
			}
			p.line(2, "- {type: "+t+"}", why)
		}
	}
}

func (p *page) golden(streams []*stream) {
	p.line(0, "", "")
	p.line(0, "golden:", "which value survives where sources disagree")
	who := people(streams)
	if len(who) < 2 {
		p.line(1, `"*": most_recent`, "")
		return
	}
	var names []string
	for _, s := range who {
		if !slices.Contains(names, s.from()) {
			names = append(names, s.from())
		}
	}
	p.line(1, `"*": {rule: most_recent, sources: [`+strings.Join(names, ", ")+`]}`, "ties go to the source named first")
}
