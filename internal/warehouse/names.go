package warehouse

import (
	"strconv"
	"strings"
)

// maxName is the longest table or column name made, in bytes.
const maxName = 120

// SafeName makes a name that needs no quoting out of a stream's or an attribute's:
// lower case, letters, digits and underscores, not starting with a digit or an
// underscore (those are Kith's own), and no reserved word.
func SafeName(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			b.WriteRune(r)
		} else if b.Len() > 0 {
			b.WriteByte('_')
		}
		if b.Len() >= maxName {
			break
		}
	}
	s := strings.TrimRight(b.String(), "_")
	s = strings.TrimLeft(s, "_")
	switch {
	case s == "":
		return "x"
	case s[0] >= '0' && s[0] <= '9':
		return "x" + s
	case reserved[s]:
		return s + "_"
	}
	return s
}

// Namer gives each of a set of names one of its own, compared without case.
type Namer struct{ taken map[string]bool }

// NewNamer makes a Namer that will not give any of taken.
func NewNamer(taken ...string) *Namer {
	n := &Namer{taken: map[string]bool{}}
	for _, t := range taken {
		n.Take(t)
	}
	return n
}

// Take marks a name as taken.
func (n *Namer) Take(name string) { n.taken[strings.ToLower(name)] = true }

// Give gives want, or want with the least number behind it that is free.
func (n *Namer) Give(want string) string {
	name := want
	for i := 2; n.taken[strings.ToLower(name)]; i++ {
		name = want + "_" + strconv.Itoa(i)
	}
	n.Take(name)
	return name
}

// reserved are SQL's words that cannot be a bare column name in the engines that
// are built or filed.
var reserved = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`all alter analyse analyze and any array as asc asymmetric at attach authorization between binary both by
case cast check cluster collate collation column concurrently constraint create cross current current_date current_role current_time
current_timestamp current_user default deferrable delete desc describe distinct distribute do drop else end escape except exclude exists
explain false fetch for foreign freeze from full function generated glob grant group grouping having hash if ignore ilike in index initially
inner insert intersect interval into is isnull join key lambda lateral leading left like limit localtime localtimestamp map match merge
natural no not notnull null of offset on only or order outer over overlaps partition pivot pivot_longer pivot_wider placing positional
primary qualify range recursive references returning revoke right rollup row rows select semi anti asof session_user set show similar some
struct summarize symmetric table tablesample then to top trailing trigger true try_cast union unique unnest unpivot update user using
values variadic verbose view when where window with within`) {
		m[w] = true
	}
	return m
}()
