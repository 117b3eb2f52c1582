package demo

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/record"
)

// Written counts what a world's sources say, by how it will end: what a right road
// must report.
type Written struct {
	Rows      int // records of every source, good or bad
	Malformed int // that no reader can take
	Repeated  int // whole records that come twice
	Deleted   int
	Late      int // older than what their source said before
}

// WriteFiles writes the sources that come as files into dir: CRM, orders, tickets,
// e-mail list and bought-in demographics.
func (w *World) WriteFiles(dir string) (Written, error) {
	var n Written
	for _, write := range []func(string, *Written) error{w.writeCRM, w.writeOrders, w.writeTickets, w.writeMailing, w.writeDemographics} {
		if err := write(dir, &n); err != nil {
			return n, fmt.Errorf("writing the demo's files: %w", err)
		}
	}
	return n, nil
}

// table writes a CSV file through fn.
func table(path string, header []string, fn func(row func(...string), raw func(string)) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	buf := bufio.NewWriterSize(f, 1<<16)
	out := csv.NewWriter(buf)
	if err := out.Write(header); err != nil {
		return err
	}
	row := func(cells ...string) { _ = out.Write(cells) } // the writer keeps its first error for Error
	raw := func(line string) { out.Flush(); _, _ = buf.WriteString(line + "\n") }
	if err := fn(row, raw); err != nil {
		return err
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buf.Flush()
}

// writeCRM writes two exports: the second, a month later, repeats some contacts
// changed, some unchanged, some older than before (late), and deletes a few.
func (w *World) writeCRM(dir string, n *Written) error {
	header := []string{"contact_id", "first", "last", "email", "mobile", "birth_date", "street", "town", "postcode", "updated_at", "deleted"}
	type contact struct {
		p    *Person
		id   string
		at   time.Time
		mail string
		tel  string
	}
	var contacts []contact
	err := table(filepath.Join(dir, "crm-2024-03.csv"), header, func(row func(...string), raw func(string)) error {
		for i := range w.People {
			p := &w.People[i]
			if !w.chance(0.72) {
				continue
			}
			c := contact{p: p, id: fmt.Sprintf("C%06d", p.ID+1), at: w.Start.Add(time.Duration(w.rng.IntN(20*24)) * time.Hour), mail: p.Email, tel: p.Phone}
			if p.OldEmail != "" {
				c.mail = p.OldEmail
			}
			if w.chance(0.06) { // a walk-in: nothing that joins it to anything
				c.mail, c.tel = "", ""
			} else if w.chance(0.25) {
				c.tel = ""
			}
			contacts = append(contacts, c)
			row(c.id, w.typo(p.First), p.Last, w.messyEmail(c.mail), w.messyPhone(c.tel), p.Birth.Format("02/01/2006"), p.Street, p.Town, p.Zip, c.at.Format(time.RFC3339), "false")
			n.Rows++
			if w.chance(0.002) {
				raw(fmt.Sprintf("C%06d,%s,%s", 900_000+i, p.First, p.Last)) // cut off
				n.Rows++
				n.Malformed++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return table(filepath.Join(dir, "crm-2024-04.csv"), header, func(row func(...string), _ func(string)) error {
		for _, c := range contacts {
			at, gone, mail := c.at.Add(30*24*time.Hour), "false", c.mail
			deleted := false
			switch {
			case c.p.OldEmail != "" && c.mail != "": // the change of address reaches the CRM
				mail = c.p.Email
			case w.chance(0.05): // late: an older state of the same contact
				at = c.at.Add(-48 * time.Hour)
				n.Late++
			case w.chance(0.01):
				gone, deleted = "true", true
				n.Deleted++
			case !w.chance(0.10):
				mail = "\x00" // not in this export
			}
			var links []string
			if mail != "\x00" {
				row(c.id, c.p.First, c.p.Last, w.messyEmail(mail), w.messyPhone(c.tel), c.p.Birth.Format("02/01/2006"), c.p.Street, c.p.Town, c.p.Zip, at.Format(time.RFC3339), gone)
				n.Rows++
			} else {
				mail = c.mail
			}
			if deleted {
				continue // a deleted contact is nobody's mention
			}
			if mail != "" && c.p.OldEmail == "" {
				links = append(links, "email:"+mail)
			} else if mail != "" {
				links = append(links, "email:"+c.p.Email)
			}
			if c.tel != "" {
				links = append(links, "phone:"+c.tel)
			}
			w.mention("crm.contacts", c.id, c.p.ID, links...)
		}
		return nil
	})
}

func (w *World) writeMailing(dir string, n *Written) error {
	return table(filepath.Join(dir, "newsletter.csv"), []string{"subscriber", "e-mail", "name", "joined"}, func(row func(...string), raw func(string)) error {
		for i := range w.People {
			p := &w.People[i]
			if !w.chance(0.45) {
				continue
			}
			mail := p.Email
			if p.OldEmail != "" && w.chance(0.5) {
				mail = p.OldEmail
			}
			if w.chance(0.08) { // an address used only for this
				mail = fmt.Sprintf("news.%s@lists.example.org", w.token(9))
			}
			id := fmt.Sprintf("S%06d", p.ID+1)
			row(id, w.messyEmail(mail), w.typo(p.First)+" "+p.Last, w.Start.Add(-time.Duration(w.rng.IntN(400*24))*time.Hour).Format("2006-01-02"))
			n.Rows++
			w.mention("news.subscribers", id, p.ID, "email:"+mail)
			if w.chance(0.003) {
				row(fmt.Sprintf("S%06d", 900_000+i), "not an address", p.First, "2024-01-01")
				n.Rows++
			}
			if w.chance(0.002) {
				raw(`S999,"never closed,` + p.First + `"x,,,`)
				n.Rows++
				n.Malformed++
			}
		}
		return nil
	})
}

func (w *World) writeDemographics(dir string, n *Written) error {
	return table(filepath.Join(dir, "demographics.csv"), []string{"ref", "full_name", "postcode", "phone", "income_band", "household_size", "birth_year"}, func(row func(...string), _ func(string)) error {
		for i := range w.People {
			p := &w.People[i]
			if !w.chance(0.35) {
				continue
			}
			id, tel := fmt.Sprintf("D%s", w.token(8)), ""
			var links []string
			if w.chance(0.65) { // the rest know only name and postcode
				tel = p.Phone
				links = append(links, "phone:"+tel)
			}
			row(id, p.First+" "+p.Last, p.Zip, w.messyPhone(tel), pick(w.rng, []string{"A", "B", "C1", "C2", "D"}), fmt.Sprint(1+w.rng.IntN(5)), fmt.Sprint(p.Birth.Year()))
			n.Rows++
			w.mention("bought.people", id, p.ID, links...)
		}
		return nil
	})
}

// ndjson writes lines of JSON through fn.
func ndjson(path string, fn func(line func([]byte))) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	buf := bufio.NewWriterSize(f, 1<<16)
	fn(func(b []byte) {
		_, _ = buf.Write(b) // the writer keeps its first error for Flush
		_ = buf.WriteByte('\n')
	})
	return buf.Flush()
}

// object builds one line of JSON; values that are empty strings are left out.
func object(pairs ...any) []byte {
	b := []byte{'{'}
	for i := 0; i < len(pairs); i += 2 {
		var v record.Value
		switch x := pairs[i+1].(type) {
		case string:
			if x == "" {
				continue
			}
			v = record.StringValue(x)
		case int:
			v = record.IntValue(int64(x))
		case float64:
			v = record.FloatValue(x)
		case []byte:
			v = record.JSONValue(string(x))
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = record.AppendJSONString(b, pairs[i].(string))
		b = append(b, ':')
		b = v.AppendJSON(b)
	}
	return append(b, '}')
}

func (w *World) writeOrders(dir string, n *Written) error {
	return ndjson(filepath.Join(dir, "orders.ndjson"), func(line func([]byte)) {
		number := 0
		for i := range w.People {
			p := &w.People[i]
			for range []int{0, 0, 1, 1, 1, 2, 3}[w.rng.IntN(7)] {
				number++
				w.order(p, fmt.Sprintf("O%07d", number), n, line)
			}
			if w.chance(0.001) {
				line([]byte(`{"order_id":"O-broken","email":`))
				n.Rows++
				n.Malformed++
			}
		}
	})
}

func (w *World) order(p *Person, id string, n *Written, line func([]byte)) {
	at := w.Start.Add(time.Duration(w.rng.IntN(60*24*60)) * time.Minute)
	mail, user, tel := p.Email, p.User, ""
	switch {
	case w.chance(0.07): // a guest with an address of their own for it
		mail, user = fmt.Sprintf("guest.%s@example.org", w.token(9)), ""
	case p.User == "" || w.chance(0.3):
		user = ""
		tel = p.Phone
	}
	var lines []byte
	total := 0
	for k := range 1 + w.rng.IntN(3) {
		item := pick(w.rng, products)
		total += item.Price
		if k > 0 {
			lines = append(lines, ',')
		}
		lines = append(lines, object("sku", strings.ToLower(strings.ReplaceAll(item.Name, " ", "-")), "quantity", 1, "price", float64(item.Price)/100)...)
	}
	lines = append(append([]byte{'['}, lines...), ']')
	say := func(status string, at time.Time) {
		b := object("order_id", id, "status", status, "updated_at", at.Format(time.RFC3339), "user_id", user, "email", w.messyEmail(mail),
			"phone", w.messyPhone(tel), "total", float64(total)/100, "currency", "GBP", "lines", lines)
		line(b)
		n.Rows++
		if w.chance(0.01) { // the same order state, told twice in one file
			line(b)
			n.Rows++
		}
	}
	if w.chance(0.05) { // the later state comes first
		say("shipped", at.Add(48*time.Hour))
		say("paid", at)
		n.Late++
	} else {
		say("paid", at)
		if w.chance(0.4) {
			say("shipped", at.Add(48*time.Hour))
		}
	}
	links := []string{"email:" + mail}
	if user != "" {
		links = append(links, "user:"+user)
	}
	if tel != "" {
		links = append(links, "phone:"+tel)
	}
	w.mention("shop.orders", id, p.ID, links...)
}

func (w *World) writeTickets(dir string, n *Written) error {
	subjects := []string{"Where is my parcel?", "A mug arrived broken", "Change of address", "Gift receipt", "Return", "Opening hours on Sunday"}
	return ndjson(filepath.Join(dir, "tickets.ndjson"), func(line func([]byte)) {
		number := 0
		for i := range w.People {
			p := &w.People[i]
			if !w.chance(0.25) {
				continue
			}
			number++
			id := fmt.Sprintf("T%06d", number)
			mail, tel := p.Email, ""
			if w.chance(0.3) {
				mail, tel = "", p.Phone
			}
			var links []string
			switch {
			case w.chance(0.10):
				mail, tel = "", "" // came by letter
			case mail != "":
				links = append(links, "email:"+mail)
			default:
				links = append(links, "phone:"+tel)
			}
			at := w.Start.Add(time.Duration(w.rng.IntN(60*24*60)) * time.Minute)
			line(object("ticket", id, "opened", at.Format(time.RFC3339), "from_email", w.messyEmail(mail), "from_phone", w.messyPhone(tel),
				"name", p.First+" "+p.Last, "subject", pick(w.rng, subjects), "priority", 1+w.rng.IntN(4)))
			n.Rows++
			w.mention("desk.tickets", id, p.ID, links...)
		}
	})
}

// typo sometimes swaps two letters of a name, or calls it short.
func (w *World) typo(s string) string {
	if nick := nicknames[s]; nick != "" && w.chance(0.1) {
		return nick
	}
	if len(s) > 3 && w.chance(0.06) {
		i := 1 + w.rng.IntN(len(s)-2)
		b := []byte(s)
		b[i], b[i+1] = b[i+1], b[i]
		return strings.ToValidUTF8(string(b), "")
	}
	return s
}

// messyEmail writes an address as people type it.
func (w *World) messyEmail(s string) string {
	switch {
	case s == "":
		return ""
	case w.chance(0.08):
		return strings.ToUpper(s)
	case w.chance(0.05):
		return "  " + s + " "
	}
	return s
}

// messyPhone writes ten national digits as people type them.
func (w *World) messyPhone(d string) string {
	if d == "" {
		return ""
	}
	switch w.rng.IntN(5) {
	case 0:
		return "+44" + d
	case 1:
		return "0" + d[:4] + " " + d[4:]
	case 2:
		return "0" + d[:4] + "-" + d[4:7] + "-" + d[7:]
	case 3:
		return "(0" + d[:4] + ") " + d[4:]
	}
	return "0" + d
}
