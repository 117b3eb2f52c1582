package cleanse

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// fromSuffix makes of a setting's name that of the setting which says whose value,
// in the same record, is to be taken for it: region_from names the attribute that
// tells the region.
const fromSuffix = "_from"

// codeCycle is the code of attributes that wait for each other.
const codeCycle errs.Code = "attribute_cycle"

// maxWays bounds how many texts of other attributes a recipe remembers the way of.
const maxWays = 4096

// recipe is an attribute's steps. Some may have settings that another attribute of
// the record tells; then each distinct value makes a chain of its own, which is the
// chain that states it: what is cached for one is cached for the other, and never
// for a different value.
type recipe struct {
	chain *chain // where nothing is told: under the settings that the steps state
	asks  []ask
	steps []StepConfig
	typ   string
	stage *Stage

	mu   sync.RWMutex
	ways map[string]*chain // by what the other attributes say
}

// ask is one setting that another attribute tells.
type ask struct {
	step  int // in recipe.steps
	arg   string
	attr  string
	place int // of attr in stream.order
	read  func(text string) (string, bool)
}

// tellers read what another attribute may tell of a setting, by the setting's name.
func teller(arg string) func(string) (string, bool) {
	switch arg {
	case "country", "region":
		return countryCode
	case "locale":
		return func(text string) (string, bool) {
			l, ok := localeNamed(text)
			return l.String(), ok
		}
	case "currency":
		return func(text string) (string, bool) {
			unit, err := currency.ParseISO(text)
			return unit.String(), err == nil
		}
	case "language":
		return func(text string) (string, bool) {
			l, ok := localeNamed(text)
			base, _ := l.Base()
			return base.String(), ok
		}
	case "zone":
		return func(text string) (string, bool) {
			_, ok := zoneNamed(text)
			return text, ok
		}
	}
	return nil
}

// asksOf lists the settings of steps that other attributes tell.
func asksOf(steps []StepConfig) []ask {
	var asks []ask
	for i, s := range steps {
		def, ok := findStep(s.Name)
		if !ok {
			continue
		}
		for _, arg := range def.told {
			if attr := s.Args[arg+fromSuffix]; attr != "" {
				asks = append(asks, ask{step: i, arg: arg, attr: attr, read: teller(arg)})
			}
		}
	}
	return asks
}

// recipe compiles steps and a final type.
func (s *Stage) recipe(st *stream, steps []StepConfig, typ string) (*recipe, error) {
	r := &recipe{asks: asksOf(steps), steps: steps, typ: typ, stage: s}
	for i := range r.asks {
		r.asks[i].place, _ = slices.BinarySearch(st.order, r.asks[i].attr)
	}
	if len(r.asks) > 0 {
		r.ways = map[string]*chain{}
	}
	var err error
	r.chain, err = s.chain(r.set(func(a ask) (string, bool) {
		stated := r.steps[a.step].Args[a.arg]
		return stated, stated != ""
	}), typ)
	return r, err
}

// set gives the steps with their told settings as tell says. One of which it knows
// nothing is left to the step, which then reads only what needs no telling.
func (r *recipe) set(tell func(ask) (string, bool)) []StepConfig {
	if len(r.asks) == 0 {
		return r.steps
	}
	steps := slices.Clone(r.steps)
	for i, s := range steps {
		args := make(map[string]string, len(s.Args))
		for name, value := range s.Args {
			args[name] = value
		}
		for _, a := range r.asks {
			if a.step != i {
				continue
			}
			if value, ok := tell(a); ok {
				delete(args, a.arg+fromSuffix)
				args[a.arg] = value
			} else {
				delete(args, a.arg)
			}
		}
		if len(args) == 0 {
			args = nil
		}
		steps[i].Args = args
	}
	return steps
}

// choose gives the chain for what the record's other attributes say.
func (w *worker) choose(r *recipe) *chain {
	if len(r.asks) == 0 {
		return r.chain
	}
	key := w.told(r.asks[0])
	said := key != ""
	for _, a := range r.asks[1:] {
		text := w.told(a)
		said = said || text != ""
		key = strconv.Itoa(len(key)) + ":" + key + text // no two lists of texts are one key
	}
	if !said {
		return r.chain
	}
	r.mu.RLock()
	c := r.ways[key]
	r.mu.RUnlock()
	if c != nil {
		return c
	}
	c, known := r.way(w)
	if known {
		r.mu.Lock()
		if len(r.ways) < maxWays {
			r.ways[strings.Clone(key)] = c
		}
		r.mu.Unlock()
	}
	return c
}

// told is what the record's other attribute says; none where that could not be read, or
// is too long to be the name of anything.
func (w *worker) told(a ask) string {
	if !w.used[a.place] || w.slots[a.place].Value.IsNull() {
		return ""
	}
	text := w.slots[a.place].Value.Text()
	if len(text) > maxCached {
		return ""
	}
	return text
}

// way makes the chain for what the other attributes say. A text that says nothing
// leaves what is stated; a country or locale that the step knows nothing of leaves
// nothing, for what is stated is then untrue. known is false where no text was of use.
func (r *recipe) way(w *worker) (c *chain, known bool) {
	values := make([]string, len(r.asks)) // as read; "" where nothing is said
	for i, a := range r.asks {
		if v, ok := a.read(strings.TrimFunc(w.told(a), isSpace)); ok {
			values[i], known = strings.Clone(v), true
		}
	}
	if !known {
		return r.chain, false
	}
	try := func(told func(i int) (string, bool)) *chain {
		c, err := r.stage.chain(r.set(func(a ask) (string, bool) {
			i := slices.IndexFunc(r.asks, func(o ask) bool { return o.step == a.step && o.arg == a.arg })
			if values[i] == "" {
				stated := r.steps[a.step].Args[a.arg]
				return stated, stated != ""
			}
			return told(i)
		}), r.typ)
		if err != nil {
			return nil
		}
		return c
	}
	if c = try(func(i int) (string, bool) { return values[i], true }); c != nil {
		return c, true
	}
	// Some step knows nothing of a value. Each is tried alone, beside what needs no telling.
	fits := make([]bool, len(values))
	for i := range values {
		fits[i] = try(func(j int) (string, bool) { return values[j], j == i }) != nil
	}
	if c = try(func(i int) (string, bool) { return values[i], fits[i] }); c != nil {
		return c, true
	}
	return r.chain, false
}

// validateAsks gives the faults of settings that name no other attribute of the
// stream, and of attributes that wait for each other.
func validateAsks(at string, c StreamConfig) (faults []error) {
	waits := map[string][]ask{}
	for _, a := range c.Attributes {
		here := at + ".attributes." + a.Name
		for _, k := range asksOf(a.Steps) {
			where := here + ".clean[" + strconv.Itoa(k.step) + "]." + k.arg + fromSuffix
			if k.attr == a.Name || !slices.ContainsFunc(c.Attributes, func(o AttributeConfig) bool { return o.Name == k.attr }) {
				faults = append(faults, errs.New("step_args", k.arg+fromSuffix+" names no other attribute of the stream").At(where).
					Fix("name one that is listed under the stream's attributes, such as the one of the country"))
				continue
			}
			waits[a.Name] = append(waits[a.Name], k)
		}
	}
	done := map[string]bool{}
	for _, a := range c.Attributes {
		if circle := circleFrom(a.Name, waits, done, nil); circle != nil {
			k := waits[circle[0]][0]
			for _, other := range waits[circle[0]] {
				if other.attr == circle[1%len(circle)] {
					k = other
				}
			}
			faults = append(faults, errs.New(codeCycle, "attributes wait for each other: "+strings.Join(append(circle, circle[0]), ", ")).
				At(at+".attributes."+circle[0]+".clean["+strconv.Itoa(k.step)+"]."+k.arg+fromSuffix).
				Fix("let one of them state its setting itself"))
		}
	}
	return faults
}

// circleFrom follows what attributes wait for, and gives the circle that it runs into.
func circleFrom(name string, waits map[string][]ask, done map[string]bool, path []string) []string {
	if i := slices.Index(path, name); i >= 0 {
		return slices.Clone(path[i:])
	}
	if done[name] {
		return nil
	}
	done[name] = true
	for _, k := range waits[name] {
		if circle := circleFrom(k.attr, waits, done, append(path, name)); circle != nil {
			return circle
		}
	}
	return nil
}

// orderLate puts the attributes that wait for others after them. There is no circle.
func (st *stream) orderLate() {
	byPlace := map[int]*combined{}
	for i := range st.combined {
		byPlace[st.combined[i].place] = &st.combined[i]
	}
	ordered := make([]combined, 0, len(st.combined))
	done := map[int]bool{}
	var put func(g *combined)
	put = func(g *combined) {
		if done[g.place] {
			return
		}
		done[g.place] = true
		for _, a := range g.asks() {
			if other := byPlace[a.place]; other != nil {
				put(other)
			}
		}
		ordered = append(ordered, *g)
	}
	for i := range st.combined {
		put(&st.combined[i])
	}
	st.combined = ordered
}

// asks are the settings that other attributes tell, of all its steps.
func (g *combined) asks() []ask {
	return slices.Concat(g.each.asks, g.after.asks)
}

// tellsOf gives the fields that were asked for an attribute's settings.
func (st *stream) tells(attr string) []string {
	at := slices.IndexFunc(st.combined, func(g combined) bool { return g.name == attr })
	if at < 0 {
		return nil
	}
	var fields []string
	for _, k := range st.combined[at].asks() {
		for _, a := range st.attrs {
			if a.name == k.attr {
				fields = append(fields, a.from)
			}
		}
		fields = append(fields, st.tells(k.attr)...)
	}
	return fields
}

// localeOf gives the locale that a step states, or that its country speaks; none is
// und. It faults what it does not know.
func localeOf(s StepConfig) (language.Tag, *errs.Error) {
	if name := s.Args["locale"]; name != "" {
		l, ok := localeNamed(name)
		if !ok {
			return l, errs.New("step_args", "there is no such locale, or nothing is known of it").At(".locale").Fix("use a BCP 47 tag such as de-DE")
		}
		return l, nil
	}
	if country := s.Args["country"]; country != "" {
		l, ok := localeOfCountry(country)
		if !ok {
			return l, errs.New("step_args", "there is no such country, or nothing is known of how it writes").At(".country").Fix("use two letters such as DE")
		}
		return l, nil
	}
	return language.Und, nil
}

// asked reports whether another attribute tells a setting of the step.
func (s StepConfig) asked(args ...string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return s.Args[a+fromSuffix] != "" })
}

// untold is a value that is left as it is: how it is written is nowhere said.
func untold(v record.Value) (record.Value, bool) {
	if v.Kind == record.String {
		v.S = trim(v.S)
	}
	return v, true
}

// unread is a value that nothing can be made of without being told how it is written.
func unread(v record.Value) (record.Value, bool) {
	return v, v.Kind == record.String && strings.TrimFunc(v.S, isSpace) == ""
}
