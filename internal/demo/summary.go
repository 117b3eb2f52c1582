package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// question is one thing that an analyst would ask, and its SQL.
type question struct{ ask, sql string }

var questions = []question{
	{"What do customers spend, by town?", `select customer_town as town, count(distinct customer_id) as customers, printf('%.2f', sum(total)) as spent
from v_fact_shop_orders where customer_town is not null group by 1 order by sum(total) desc limit 5`},
	{"Do those who look online also order?", `with looked as (select distinct customer_id from v_fact_web_pages where customer_id <> 'unknown'),
bought as (select customer_id, count(*) as orders, sum(total) as spent from v_fact_shop_orders where customer_id <> 'unknown' group by 1)
select case when l.customer_id is null then 'never seen online' else 'seen online' end as shopper, count(*) as people, printf('%.2f', avg(b.orders)) as orders_each, printf('%.2f', avg(b.spent)) as spent_each
from bought b left join looked l on l.customer_id = b.customer_id group by 1 order by 1`},
	{"Of how many customer records is a profile made? (0: known by events and orders alone)", `select source_customers as records, count(*) as profiles from v_customer group by 1 order by 1 limit 6`},
}

// summary shows what the demo came to.
func (s *show) summary(ctx context.Context) error {
	p := printer{w: s.Out, colour: colours(s.Out)}
	r := &s.result
	p.title("Harbour & Pine: %s records of six sources became %s profiles in %.1f s", grouped(int64(r.Received)), grouped(r.Profiles), r.Seconds)
	p.line("%s records/s, from the first append to the last row in the warehouse", grouped(int64(r.PerSecond)))
	p.title("Every record is accounted for")
	p.line("applied %s (superseded %s)   duplicates %s   quarantined %s   discarded %s   balanced: %v", grouped(r.Applied), grouped(r.Superseded), grouped(r.Duplicate), grouped(r.Quarantined), grouped(r.Discarded), r.Balanced)
	for _, code := range slices.SortedFunc(maps.Keys(r.Reasons), func(a, b string) int { return cmp.Or(cmp.Compare(r.Reasons[b], r.Reasons[a]), cmp.Compare(a, b)) }) {
		p.line("  %-24s %s", code, grouped(int64(r.Reasons[code])))
	}
	p.title("People found against the truth (%s true people, %s mentions)", grouped(int64(r.PeopleTrue)), grouped(int64(r.Mentions)))
	p.meter("precision", r.Precision, "of the pairs joined, how many are one person")
	p.meter("recall", r.Recall, fmt.Sprintf("of the pairs that are, how many were joined; equal identifiers can reach %.4f", r.RecallCeiling))
	p.line("%.0f%% of a person's mentions share no identifier with the rest: they stay profiles of their own, since only scored", r.Isolated*100)
	p.line("matching, which is yet to come, can join those")
	if err := s.beforeAndAfter(ctx, &p); err != nil {
		return err
	}
	for _, q := range questions {
		answer, err := s.client.sql(ctx, q.sql)
		if err != nil {
			return err
		}
		p.title("%s", q.ask)
		p.table(answer)
	}
	p.title("Out to the world")
	p.line("%s signed webhooks delivered, %s refused", grouped(r.Delivered), grouped(s.hook.refused.Load()))
	if !s.Exit {
		p.title("It stays up until Ctrl-C. Try next, in another terminal:")
		for _, try := range []string{"profile get " + s.shown + " --crosswalk", "quarantine list", "trace m-00000001 --source web",
			"sql \"select town, count(*) as people from v_customer group by 1 order by 2 desc\"", "ledger"} {
			p.line("  %s -p %s %s", s.self(), s.dir, try)
		}
		p.line("Its files lie in %s/sources: another crm-*.csv there is read at once. Your own:", s.dir)
		p.line("  %s init shop --from FILE...", s.self())
	}
	return p.err
}

// self is the program as it was called.
func (s *show) self() string {
	return cmp.Or(s.Self, "kith")
}

// beforeAndAfter shows a person that most sources know, and who is no two in truth:
// first what each says, then the golden profile.
func (s *show) beforeAndAfter(ctx context.Context, p *printer) error {
	found, err := s.client.sql(ctx, `select b.customer_id from bridge_identity b join v_customer c using (customer_id)
where c.source_customers <= 4 group by 1
order by max(c.source_customers) desc, least(count(*) filter (b.identifier_type = 'email'), 2) desc, count(distinct b.identifier_type) desc, count(*) desc, 1 limit 200`)
	if err != nil || len(found.Rows) == 0 {
		return err
	}
	id := fmt.Sprint(found.Rows[0][0])
	for _, row := range found.Rows {
		if one := fmt.Sprint(row[0]); s.owners[one] != several {
			id = one
			break
		}
	}
	s.shown = id
	var cross struct {
		Records []struct {
			Stream     string `json:"stream"`
			Key        string `json:"key"`
			Attributes map[string]struct {
				Value    any  `json:"value"`
				Survives bool `json:"survives"`
			} `json:"attributes"`
		} `json:"records"`
	}
	if err := s.client.call(ctx, http.MethodGet, "/api/profiles/"+id+"/crosswalk", nil, &cross); err != nil {
		return err
	}
	p.title("Before: what the sources say of one person (* survives)")
	for _, c := range cross.Records {
		var said []string
		for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
			mark := ""
			if c.Attributes[name].Survives {
				mark = "*"
			}
			said = append(said, fmt.Sprintf("%s=%v%s", name, c.Attributes[name].Value, mark))
		}
		p.line("  %-17s %-9s %s", c.Stream, c.Key, strings.Join(said, "  "))
	}
	var profile struct {
		ID         string         `json:"id"`
		Version    int            `json:"version"`
		Attributes map[string]any `json:"attributes"`
		Provenance map[string]struct {
			Stream string `json:"stream"`
			Rule   string `json:"rule"`
		} `json:"provenance"`
		Identifiers []struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"identifiers"`
	}
	if err := s.client.call(ctx, http.MethodGet, "/api/profiles/"+id, nil, &profile); err != nil {
		return err
	}
	p.title("After: one golden profile, %s, version %d", profile.ID, profile.Version)
	for _, name := range slices.Sorted(maps.Keys(profile.Attributes)) {
		from := profile.Provenance[name]
		p.line("  %-16s %-40v from %s by %s", name, profile.Attributes[name], from.Stream, from.Rule)
	}
	for _, i := range profile.Identifiers {
		p.line("  %-16s %v", i.Type, i.Value)
	}
	return nil
}

// printer writes the summary; its first fault stays.
type printer struct {
	w      io.Writer
	colour bool
	err    error
}

func colours(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.w, format+"\n", args...); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *printer) title(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if p.colour {
		text = "\033[1;36m" + text + "\033[0m"
	}
	p.line("\n%s", text)
}

func (p *printer) meter(name string, share float64, note string) {
	const width = 40
	full := int(share * width)
	p.line("%-10s %s%s %.4f  %s", name, strings.Repeat("█", full), strings.Repeat("░", width-full), share, note)
}

func (p *printer) table(a sqlAnswer) {
	width, left := make([]int, len(a.Columns)), make([]bool, len(a.Columns))
	cells := make([][]string, 0, len(a.Rows)+1)
	var head []string
	for i, c := range a.Columns {
		head = append(head, c)
		width[i] = len(c)
	}
	cells = append(cells, head)
	for _, row := range a.Rows {
		var line []string
		for i, v := range row {
			text := fmt.Sprint(v)
			if v == nil {
				text = ""
			}
			if _, err := strconv.ParseFloat(text, 64); err != nil {
				left[i] = true
			}
			width[i] = max(width[i], len(text))
			line = append(line, text)
		}
		cells = append(cells, line)
	}
	for _, row := range cells {
		var b strings.Builder
		for i, cell := range row {
			if left[i] {
				fmt.Fprintf(&b, "  %-*s", width[i], cell)
			} else {
				fmt.Fprintf(&b, "  %*s", width[i], cell)
			}
		}
		p.line("%s", strings.TrimRight(b.String(), " "))
	}
}
